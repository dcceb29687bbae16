"""A checkpoint behind an OpenAI-compatible chat endpoint, its thinking forced to what each request asks for."""
