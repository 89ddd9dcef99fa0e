"""What a caller may use: reserve before, settle after."""
