"""Google's models."""

from trunkline.providers.families.family import ALL, SEES, UP_TO_HIGH, Family, Rules

_MILLION = 1_048_576  # as a refusal says: recorded
# https://ai.google.dev/gemini-api/docs/function-calling#multimodal: Gemini 3 takes more than words
_WORDS_IN_RESULTS: Rules = {"media_in_results": False}

# https://ai.google.dev/gemini-api/docs/thinking and /models
GOOGLE = (
    Family(names=("gemini-1-5",), maker="google", max_output=8192, takes=ALL, reasons=False, rules=_WORDS_IN_RESULTS),
    Family(
        names=("gemini-2-0",),
        maker="google",
        context=_MILLION,
        max_output=8192,
        takes=ALL,
        reasons=False,
        rules=_WORDS_IN_RESULTS,
    ),
    Family(
        names=("gemini-2-5",),
        maker="google",
        context=_MILLION,
        max_output=65_536,
        takes=ALL,
        rules={"thinks": "budget", **_WORDS_IN_RESULTS},
    ),
    Family(
        names=("gemini-2-5-flash-image",),
        maker="google",
        max_output=32_768,
        takes=SEES,
        tools=False,
        refuses=frozenset({"tools", "output_json", "output_schema"}),
        reasons=False,
    ),
    Family(
        names=("gemini", "gemini-3"),
        maker="google",
        context=_MILLION,
        max_output=65_536,
        takes=ALL,
        rules={"thinks": "level", "efforts": ("minimal", *UP_TO_HIGH)},
    ),
    Family(
        names=("gemini-3-1-pro", "gemini-pro"),
        maker="google",
        context=_MILLION,
        max_output=65_536,
        takes=ALL,
        rules={"thinks": "level", "efforts": UP_TO_HIGH},
    ),
    Family(
        names=("gemini-3-pro",),
        maker="google",
        context=_MILLION,
        max_output=65_536,
        takes=ALL,
        rules={"thinks": "level", "efforts": ("low", "high")},
    ),
    Family(names=("gemma", "gemma2", "gemma3", "gemma4"), maker="google", open=True, reasons=False),
)
