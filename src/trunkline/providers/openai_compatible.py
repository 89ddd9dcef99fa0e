"""Any server that speaks OpenAI's Chat Completions: vLLM, TGI, llama.cpp, Ollama, LM Studio, a gateway of one's own."""

from trunkline.providers.base import Provider

PROVIDER = Provider(
    type="openai_compatible",
    title="OpenAI-compatible server",
    needs_key=False,
)
