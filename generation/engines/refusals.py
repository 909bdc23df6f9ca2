"""What a model server's refusals mean, in each server's own wording: a status and a text go in, an error of ours comes out."""

import re

from core.errors import ContextTooLong, ModelError, ModelUnavailable

RESTARTING = {429, 502, 503}  # it is loading, a proxy waits for it, or its queue is full: soon it may answer
TOO_LONG = re.compile(
    r"exceed_context_size"  # llama.cpp
    r"|context[ _](length|size|window)"  # vLLM, OpenAI (context_length_exceeded), SGLang, Mistral, LM Studio
    r"|maximum model length|max_model_len"  # vLLM
    r"|inputs` (tokens \+ `max_new_tokens` )?must (be <=|have less than)"  # TGI
    r"|exceeds the maximum (number of tokens|allowed length)|prompt is too long|too many tokens",  # gateways to outside models
    re.IGNORECASE,
)


class Restarting(ModelUnavailable):
    """The server is not there, went away before it wrote anything, or says that it will be back: worth another try soon."""


def error_of(status: int, said: str, url: str) -> ModelError:
    """Name what a response that is no success means."""
    if TOO_LONG.search(said):
        return ContextTooLong(
            "The question and its passages do not fit the model's window: lower search.context_tokens or raise llm.window_tokens."
        )
    if status in {401, 403}:
        return ModelUnavailable(f"The model server at {url} refuses our key: set llm.api_key.")
    kind = Restarting if status in RESTARTING else ModelUnavailable
    return kind(f"The model server at {url} answered {status}: {said[:300]}")
