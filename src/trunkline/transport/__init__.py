"""Both legs of the data plane: HTTP/1.1 as server and as client."""
