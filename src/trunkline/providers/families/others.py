"""Models of the other makers."""

from trunkline.providers.families.family import SEEN, SEES, TEXT, UP_TO_HIGH, WATCHES, Family

# https://docs.mistral.ai/capabilities/reasoning; `magistral` always thinks, unasked
MISTRAL = (
    Family(names=("mistral", "ministral", "open-mistral", "open-mixtral"), maker="mistral", open=True, reasons=False),
    Family(names=("codestral", "devstral", "mixtral"), maker="mistral", open=True, reasons=False),
    Family(names=("mistral-large", "mistral-medium", "pixtral"), maker="mistral", takes=SEES, reasons=False),
    Family(names=("voxtral",), maker="mistral", open=True, takes=frozenset({"audio"}), reasons=False),
    Family(names=("magistral",), maker="mistral", open=True, rules={"thinks": ""}),
    Family(
        names=("mistral-small-latest", "mistral-medium-latest", "mistral-small-4", "mistral-medium-3-5"),
        maker="mistral",
        takes=SEES,
        rules={"efforts": ("none", "high")},
    ),
)

# https://api-docs.deepseek.com/quick_start/pricing and /guides/thinking_mode
DEEPSEEK = (
    Family(names=("deepseek",), maker="deepseek", open=True, takes=TEXT),
    Family(
        names=("deepseek-chat", "deepseek-reasoner", "deepseek-v4"),
        maker="deepseek",
        open=True,
        context=1_000_000,
        max_output=384_000,
        takes=TEXT,
        refuses_thinking=frozenset({"forced_tool"}),
    ),
    Family(
        names=("deepseek-v4-flash-vision",),
        maker="deepseek",
        open=True,
        takes=SEES,
        refuses_thinking=frozenset({"forced_tool"}),
    ),
)

# https://www.alibabacloud.com/help/en/model-studio/models
QWEN = (
    Family(names=("qwen", "qwen2", "qwen3", "qwq"), maker="qwen", open=True),
    Family(names=("qwen-max", "qwen-turbo", "qwen-flash"), maker="qwen", max_output=32_768, takes=TEXT),
    Family(names=("qwen-plus",), maker="qwen", context=1_000_000, max_output=32_768, takes=TEXT),
    Family(names=("qwen3-max",), maker="qwen", context=262_144, max_output=65_536, takes=TEXT),
    Family(names=("qwen3-5-flash", "qwen3-5-plus"), maker="qwen", context=1_000_000, max_output=65_536),
    Family(names=("qwen-vl", "qwen2-5-vl", "qwen3-vl"), maker="qwen", open=True, takes=WATCHES),
)

# https://docs.z.ai/guides/overview/overview, https://platform.moonshot.ai/docs/api/chat, https://platform.minimax.io/docs
ZAI = (
    Family(names=("glm", "zai-glm"), maker="zai", open=True, takes=TEXT, max_output=131_072),
    Family(names=("glm-4-5",), maker="zai", open=True, context=131_072, max_output=98_304, takes=TEXT),
    Family(names=("glm-4-6", "glm-4-7"), maker="zai", open=True, context=204_800, max_output=131_072, takes=TEXT),
    Family(names=("glm-5-3",), maker="zai", open=True, context=1_000_000, max_output=131_072, takes=TEXT),
    Family(names=("glm-4-5v", "glm-4-6v", "glm-5v"), maker="zai", open=True, takes=WATCHES),
)
MOONSHOT = (
    Family(names=("kimi", "kimi-k2"), maker="moonshot", open=True, takes=TEXT, reasons=False),
    Family(names=("kimi-k2-thinking",), maker="moonshot", open=True, takes=TEXT),
    Family(names=("kimi-k2-5", "kimi-k2-6", "kimi-k2-7"), maker="moonshot", open=True, context=262_144, takes=WATCHES),
    Family(names=("kimi-k3",), maker="moonshot", open=True, context=1_048_576, max_output=262_144, takes=WATCHES),
    Family(names=("moonshot-v1",), maker="moonshot", reasons=False),
)
MINIMAX = (
    Family(names=("minimax",), maker="minimax", open=True, context=204_800, max_output=131_072, takes=TEXT),
    Family(names=("minimax-m3",), maker="minimax", open=True, context=512_000, max_output=128_000, takes=WATCHES),
)

# https://docs.cohere.com/docs/models
COHERE = (
    Family(
        names=("command-r", "command-r7b"), maker="cohere", context=128_000, max_output=4000, takes=TEXT, reasons=False
    ),
    Family(names=("command-a", "command"), maker="cohere", context=256_000, max_output=8000, reasons=False),
    Family(
        names=("command-a-reasoning",),
        maker="cohere",
        context=256_000,
        max_output=32_000,
        takes=TEXT,
        rules={"efforts": ("none", "high")},
    ),
    Family(
        names=("command-a-vision",),
        maker="cohere",
        context=128_000,
        max_output=8000,
        takes=SEES,
        tools=False,
        reasons=False,
    ),
)

# https://docs.aws.amazon.com/nova/latest/userguide/what-is-nova.html
AMAZON = (
    Family(names=("nova",), maker="amazon", context=300_000, max_output=10_000, takes=SEEN, reasons=False),
    Family(names=("nova-micro",), maker="amazon", context=128_000, max_output=10_000, takes=TEXT, reasons=False),
    Family(names=("nova-premier",), maker="amazon", context=1_000_000, max_output=10_000, takes=SEEN, reasons=False),
    Family(
        names=("nova-2",),
        maker="amazon",
        context=1_000_000,
        max_output=64_000,
        takes=SEEN,
        rules={"thinks": "level", "efforts": UP_TO_HIGH},
    ),
)

# https://docs.perplexity.ai/getting-started/models
PERPLEXITY = (
    Family(names=("sonar",), maker="perplexity", context=128_000, takes=SEES, tools=False, reasons=False),
    Family(
        names=("sonar-pro",),
        maker="perplexity",
        context=200_000,
        max_output=8192,
        takes=SEES,
        tools=False,
        reasons=False,
    ),
    Family(
        names=("sonar-reasoning", "sonar-deep-research"),
        maker="perplexity",
        context=128_000,
        takes=SEES,
        tools=False,
        rules={"efforts": ("minimal", *UP_TO_HIGH)},
    ),
)

# https://www.llama.com/docs/model-cards-and-prompt-formats
META = (
    Family(names=("llama", "llama2", "llama3"), maker="meta", open=True, reasons=False),
    Family(
        names=("llama-3-1", "llama-3-3", "llama3-1", "llama3-3"),
        maker="meta",
        open=True,
        takes=TEXT,
        reasons=False,
    ),
    Family(names=("llama-4", "llama4"), maker="meta", open=True, takes=SEES, reasons=False),
)
