"""What is known of families of models: how much they read and write, what they take, how they reason. Data only.

Sources: the makers' documentation and API descriptions, https://models.dev (limits, efforts), recorded answers of the
providers (what was refused, and with which words). Context windows stand here only where the price catalogue lacks
them. A number that nobody publishes is left out rather than guessed.

A family's names are beginnings of names in their plain spelling (`models.plain`): lower case, `-` for every other sign,
without vendor, region, date and version. The longest that fits is taken, so a family's newest members may stand for
those to come.
"""

from trunkline.providers.families import anthropic, google, openai, others, xai
from trunkline.providers.families.family import Family, Rules, Taken

__all__ = ["FAMILIES", "Family", "Rules", "Taken"]

FAMILIES: tuple[Family, ...] = (
    *openai.OPENAI,
    *anthropic.ANTHROPIC,
    *google.GOOGLE,
    *xai.XAI,
    *others.MISTRAL,
    *others.DEEPSEEK,
    *others.QWEN,
    *others.ZAI,
    *others.MOONSHOT,
    *others.MINIMAX,
    *others.COHERE,
    *others.AMAZON,
    *others.PERPLEXITY,
    *others.META,
)
