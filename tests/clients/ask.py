"""The official Python clients against our server: `ask.py ADDRESS` prints one JSON object for each check.

It is so long because it is a list of checks, each of which stands alone.
"""

import base64
import json
import math
import re
import struct
import sys

import anthropic
import ollama
import openai

ADDRESS = sys.argv[1]
TALK = "The name of this wind is sirocco."
ASK = [{"role": "user", "content": "Which wind is this?"}]
SCHEMA = {
    "type": "object",
    "properties": {"wind": {"const": "sirocco"}},
    "required": ["wind"],
    "additionalProperties": False,
}
WIND = {"type": "function", "function": {"name": "wind", "parameters": {"type": "object"}}}
TIDE = {"type": "function", "function": {"name": "tide", "parameters": SCHEMA}}
TEXTS = ["the wind from the south", "from the south the wind", "words are counted"]

# A PNG of one red pixel.
IMAGE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
IMAGE_URL = f"data:image/png;base64,{IMAGE}"

ai = openai.OpenAI(base_url=f"{ADDRESS}/v1", api_key="none", max_retries=0)
claude = anthropic.Anthropic(base_url=ADDRESS, api_key="none", max_retries=0)
llama = ollama.Client(host=ADDRESS)

CHECKS = []


def check(client, route, field, mode="whole"):
    def keep(function):
        CHECKS.append((client, route, field, mode, function))
        return function

    return keep


def is_wind(text):
    return json.loads(text) == {"wind": "sirocco"}


def is_seen(text):
    """How a model that sees the image begins."""
    return re.match(r"I see \[image of \d+ characters\]", text)


def lie_as_texts_do(vectors):
    """Of three texts the first two have the same words."""
    same, same_too, other = vectors
    near = sum(a * b for a, b in zip(same, same_too))
    far = sum(a * b for a, b in zip(same, other))
    assert math.isclose(math.hypot(*same), 1, abs_tol=1e-5) and near > far


def fails(error, call):
    try:
        call()
    except error as caught:
        return caught
    raise AssertionError(f"no {error.__name__}")


# ---- openai: chat -------------------------------------------------------------------------------------------------
CHAT = "POST /v1/chat/completions"


def chat(model="talker", messages=ASK, **more):
    return ai.chat.completions.create(model=model, messages=messages, **more)


def text_of(answer):
    return answer.choices[0].message.content


def streamed(**more):
    return list(chat(stream=True, **more))


def joined(chunks):
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def openai_accepts(field, **more):
    """Fields that do not change what a scripted model says."""

    @check("openai (Python)", CHAT, field)
    def whole():
        assert text_of(chat(**more)) == TALK

    @check("openai (Python)", CHAT, field, "stream")
    def stream():
        assert joined(streamed(**more)) == TALK


openai_accepts("messages")
openai_accepts("content parts", messages=[{"role": "user", "content": [{"type": "text", "text": "Which?"}]}])
openai_accepts("seed", seed=7)

LOOK = [{"type": "image_url", "image_url": {"url": IMAGE_URL}}, {"type": "text", "text": "Which?"}]


@check("openai (Python)", CHAT, "image parts")
def _():
    assert is_seen(text_of(chat(model="seer", messages=[{"role": "user", "content": LOOK}])))


@check("openai (Python)", CHAT, "image parts", "stream")
def _():
    assert is_seen(joined(streamed(model="seer", messages=[{"role": "user", "content": LOOK}])))


openai_accepts("frequency_penalty, presence_penalty", frequency_penalty=0.1, presence_penalty=0.1)
openai_accepts("temperature, top_p", temperature=0.2, top_p=0.9)
openai_accepts("top_k, min_p, repeat_penalty", extra_body={"top_k": 5, "min_p": 0.1, "repeat_penalty": 1.1})
openai_accepts("reasoning_effort", reasoning_effort="low")


@check("openai (Python)", CHAT, "stream_options.include_usage", "stream")
def _():
    chunks = streamed(stream_options={"include_usage": True})
    assert chunks[-1].usage.completion_tokens > 3 and not chunks[-1].choices


for limit in ("max_tokens", "max_completion_tokens"):

    @check("openai (Python)", CHAT, limit)
    def _(limit=limit):
        answer = chat(**{limit: 2})
        assert answer.choices[0].finish_reason == "length" and answer.usage.completion_tokens == 2

    @check("openai (Python)", CHAT, limit, "stream")
    def _(limit=limit):
        assert streamed(**{limit: 2})[-1].choices[0].finish_reason == "length"


@check("openai (Python)", CHAT, "stop")
def _():
    answer = chat(stop=[" wind"])
    assert text_of(answer) == "The name of this" and answer.choices[0].finish_reason == "stop"


@check("openai (Python)", CHAT, "stop", "stream")
def _():
    assert joined(streamed(stop=" wind")) == "The name of this"


@check("openai (Python)", CHAT, "n")
def _():
    assert [choice.message.content for choice in chat(n=2).choices] == [TALK, TALK]


@check("openai (Python)", CHAT, "n", "stream")
def _():
    assert {chunk.choices[0].index for chunk in streamed(n=2) if chunk.choices} == {0, 1}


@check("openai (Python)", CHAT, "logprobs, top_logprobs")
def _():
    tokens = chat(logprobs=True, top_logprobs=2).choices[0].logprobs.content
    assert "".join(token.token for token in tokens) == TALK
    assert all(len(token.top_logprobs) == 2 and token.logprob <= 0 for token in tokens)


@check("openai (Python)", CHAT, "logprobs, top_logprobs", "stream")
def _():
    chunks = [chunk for chunk in streamed(logprobs=True, top_logprobs=1) if chunk.choices]
    tokens = [token for chunk in chunks if chunk.choices[0].logprobs for token in chunk.choices[0].logprobs.content]
    assert "".join(token.token for token in tokens) == TALK


@check("openai (Python)", CHAT, "logit_bias")
def _():
    # `T`, the first token of the answer, in a vocabulary that begins with all bytes.
    answer = chat(logit_bias={str(ord("T")): -100}, max_tokens=1, seed=1)
    assert text_of(answer) != "T"
    fails(openai.BadRequestError, lambda: chat(logit_bias={"x": 1}))


@check("openai (Python)", CHAT, "reasoning_content")
def _():
    message = chat("thinker").choices[0].message
    assert message.content == "It is the sirocco." and message.reasoning_content == "It is warm and dry."


@check("openai (Python)", CHAT, "reasoning_content", "stream")
def _():
    chunks = streamed(model="thinker")
    thoughts = "".join(getattr(chunk.choices[0].delta, "reasoning_content", None) or "" for chunk in chunks if chunk.choices)
    assert joined(chunks) == "It is the sirocco." and thoughts == "It is warm and dry."


@check("openai (Python)", CHAT, "assistant prefill")
def _():
    assert text_of(chat(messages=[*ASK, {"role": "assistant", "content": "The name"}])) == " of this wind is sirocco."


@check("openai (Python)", CHAT, "tools, parallel calls")
def _():
    choice = chat("caller", tools=[WIND, TIDE]).choices[0]
    calls = [(call.function.name, json.loads(call.function.arguments)) for call in choice.message.tool_calls]
    assert calls == [("wind", {"at": "Tunis"}), ("tide", {})] and choice.finish_reason == "tool_calls"


@check("openai (Python)", CHAT, "tools, parallel calls", "stream")
def _():
    with ai.chat.completions.stream(model="caller", messages=ASK, tools=[WIND, TIDE]) as stream:
        message = stream.get_final_completion().choices[0].message
    assert [call.function.name for call in message.tool_calls] == ["wind", "tide"]


@check("openai (Python)", CHAT, "parallel_tool_calls")
def _():
    message = chat("caller", tools=[WIND, TIDE], parallel_tool_calls=False).choices[0].message
    assert [call.function.name for call in message.tool_calls] == ["wind"]


@check("openai (Python)", CHAT, "tool results")
def _():
    first = chat("caller", tools=[WIND, TIDE]).choices[0].message
    results = [{"role": "tool", "tool_call_id": call.id, "content": "sirocco"} for call in first.tool_calls]
    assert text_of(chat(messages=[*ASK, first, *results], tools=[WIND, TIDE])) == TALK


NAMED = {"type": "function", "function": {"name": "tide"}}
for name, choice in (("none", "none"), ("auto", "auto"), ("required", "required"), ("named", NAMED)):
    for mode in ("whole", "stream"):

        @check("openai (Python)", CHAT, f"tool_choice {name}", mode)
        def _(choice=choice, mode=mode):
            more = {"tools": [WIND, TIDE], "tool_choice": choice, "parallel_tool_calls": False}
            if mode == "stream":
                with ai.chat.completions.stream(model="talker", messages=ASK, max_tokens=300, **more) as stream:
                    message = stream.get_final_completion().choices[0].message
            else:
                message = chat(max_tokens=300, **more).choices[0].message
            if choice in ("none", "auto"):
                assert message.content == TALK and not message.tool_calls
            else:
                (call,) = message.tool_calls
                assert call.function.name in ("wind", "tide") and isinstance(json.loads(call.function.arguments), dict)
                assert choice == "required" or is_wind(call.function.arguments)


@check("openai (Python)", CHAT, "response_format json_schema")
def _():
    form = {"type": "json_schema", "json_schema": {"name": "wind", "strict": True, "schema": SCHEMA}}
    assert is_wind(text_of(chat(response_format=form)))
    form["json_schema"]["schema"] = {"type": "wind"}
    error = fails(openai.BadRequestError, lambda: chat(response_format=form))
    assert "wind" in error.message


@check("openai (Python)", CHAT, "response_format json_schema", "stream")
def _():
    form = {"type": "json_schema", "json_schema": {"name": "wind", "strict": True, "schema": SCHEMA}}
    assert is_wind(joined(streamed(response_format=form)))


@check("openai (Python)", CHAT, "response_format json_object")
def _():
    answer = chat(response_format={"type": "json_object"}, max_tokens=300, seed=3)
    assert text_of(answer).lstrip().startswith("{")


@check("openai (Python)", CHAT, "error of an unknown model")
def _():
    error = fails(openai.NotFoundError, lambda: chat("gpt-4o"))
    assert error.code == "model_not_found" and "talker" in error.message


# ---- openai: the rest ---------------------------------------------------------------------------------------------
@check("openai (Python)", "GET /v1/models", "all")
def _():
    assert {"talker", "caller", "thinker"} <= {model.id for model in ai.models.list()}


@check("openai (Python)", "GET /v1/models/{id}", "all")
def _():
    assert ai.models.retrieve("talker").id == "talker"
    fails(openai.NotFoundError, lambda: ai.models.retrieve("gpt-4o"))


@check("openai (Python)", "POST /v1/completions", "prompt, max_tokens, n, logprobs")
def _():
    prompt = "<|im_start|>assistant\n"
    answer = ai.completions.create(model="talker", prompt=[prompt, prompt], max_tokens=3, n=2, logprobs=1)
    assert [choice.index for choice in answer.choices] == [0, 1, 2, 3]
    assert "".join(answer.choices[0].logprobs.tokens) == answer.choices[0].text == TALK[: len(answer.choices[0].text)]


@check("openai (Python)", "POST /v1/completions", "prompt, max_tokens", "stream")
def _():
    chunks = list(ai.completions.create(model="talker", prompt="a", max_tokens=3, stream=True))
    assert chunks[-1].choices[0].finish_reason in ("length", "stop")


@check("openai (Python)", "POST /v1/responses", "image parts")
def _():
    content = [{"type": "input_image", "image_url": IMAGE_URL, "detail": "auto"}, {"type": "input_text", "text": "Which?"}]
    answer = ai.responses.create(model="seer", input=[{"role": "user", "content": content}])
    assert is_seen(answer.output_text)


@check("openai (Python)", "POST /v1/responses", "input, store, previous_response_id")
def _():
    first = ai.responses.create(model="talker", input="Which wind?")
    second = ai.responses.create(model="talker", input="Sure?", previous_response_id=first.id)
    assert first.output_text == TALK == second.output_text and second.previous_response_id == first.id
    assert second.usage.input_tokens > first.usage.input_tokens
    assert ai.responses.retrieve(first.id).output_text == TALK
    assert [item.role for item in ai.responses.input_items.list(first.id)] == ["user"]
    ai.responses.delete(first.id)
    fails(openai.NotFoundError, lambda: ai.responses.retrieve(first.id))


@check("openai (Python)", "POST /v1/responses", "input", "stream")
def _():
    with ai.responses.stream(model="talker", input="Which wind?") as stream:
        kinds = {event.type for event in stream}
        assert stream.get_final_response().output_text == TALK
    assert {"response.created", "response.output_text.delta", "response.completed"} <= kinds


@check("openai (Python)", "POST /v1/responses", "text.format json_schema")
def _():
    form = {"format": {"type": "json_schema", "name": "wind", "strict": True, "schema": SCHEMA}}
    assert is_wind(ai.responses.create(model="talker", input="Which?", text=form).output_text)


@check("openai (Python)", "POST /v1/responses", "tools, tool_choice")
def _():
    tool = {"type": "function", "name": "tide", "parameters": SCHEMA, "strict": True}
    answer = ai.responses.create(model="talker", input="Which?", tools=[tool], tool_choice="required", parallel_tool_calls=False)
    (call,) = answer.output
    assert call.type == "function_call" and call.name == "tide" and is_wind(call.arguments)


@check("openai (Python)", "POST /v1/embeddings", "the reason for the refusal")
def _():
    error = fails(openai.APIStatusError, lambda: ai.embeddings.create(model="talker", input="a"))
    assert "embed" in error.message


@check("openai (Python)", "POST /v1/embeddings", "input, usage")
def _():
    answer = ai.embeddings.create(model="embedder", input=TEXTS)
    lie_as_texts_do([one.embedding for one in answer.data])
    assert answer.model == "embedder" and answer.usage.total_tokens == answer.usage.prompt_tokens > 6


@check("openai (Python)", "POST /v1/embeddings", "input of tokens")
def _():
    answer = ai.embeddings.create(model="embedder", input=[[1, 2], [3]])
    assert len(answer.data) == 2 and answer.usage.prompt_tokens == 3


@check("openai (Python)", "POST /v1/embeddings", "dimensions, encoding_format")
def _():
    floats, packed = (
        ai.embeddings.create(model="embedder", input="the wind", dimensions=8, encoding_format=form).data[0].embedding
        for form in ("float", "base64")
    )
    if isinstance(packed, str):
        packed = struct.unpack("<8f", base64.b64decode(packed))
    assert len(floats) == 8 and all(math.isclose(a, b, abs_tol=1e-6) for a, b in zip(floats, packed))


# ---- anthropic ----------------------------------------------------------------------------------------------------
MESSAGES = "POST /v1/messages"


def message(model="talker", messages=ASK, **more):
    return claude.messages.create(model=model, max_tokens=more.pop("max_tokens", 300), messages=messages, **more)


def final(model="talker", **more):
    with claude.messages.stream(model=model, max_tokens=more.pop("max_tokens", 300), messages=ASK, **more) as stream:
        return stream.get_final_message()


@check("anthropic (Python)", MESSAGES, "image blocks")
def _():
    source = {"type": "base64", "media_type": "image/png", "data": IMAGE}
    content = [{"type": "image", "source": source}, {"type": "text", "text": "Which?"}]
    assert is_seen(message(model="seer", messages=[{"role": "user", "content": content}]).content[0].text)


for mode, ask in (("whole", message), ("stream", final)):

    @check("anthropic (Python)", MESSAGES, "messages, system, temperature, top_p, top_k", mode)
    def _(ask=ask):
        # This client has no arguments for them any more.
        sampling = {"temperature": 0.5, "top_p": 0.9, "top_k": 5}
        answer = ask(system="Be brief.", extra_body=sampling)
        assert answer.content[0].text == TALK and answer.stop_reason == "end_turn" and answer.usage.output_tokens > 3

    @check("anthropic (Python)", MESSAGES, "max_tokens", mode)
    def _(ask=ask):
        assert ask(max_tokens=2).stop_reason == "max_tokens"

    @check("anthropic (Python)", MESSAGES, "stop_sequences", mode)
    def _(ask=ask):
        answer = ask(stop_sequences=[" wind"])
        assert answer.content[0].text == "The name of this" and answer.stop_reason == "stop_sequence"

    @check("anthropic (Python)", MESSAGES, "tools", mode)
    def _(ask=ask):
        answer = ask("caller", tools=[{"name": "wind", "input_schema": {"type": "object"}}])
        assert answer.stop_reason == "tool_use" and answer.content[0].input == {"at": "Tunis"}

    @check("anthropic (Python)", MESSAGES, "tool_choice any, tool", mode)
    def _(ask=ask):
        tools = [{"name": "tide", "input_schema": SCHEMA}]
        for choice in ({"type": "any"}, {"type": "tool", "name": "tide"}):
            answer = ask(tools=tools, tool_choice={**choice, "disable_parallel_tool_use": True})
            assert answer.content[0].input == {"wind": "sirocco"}, answer

    @check("anthropic (Python)", MESSAGES, "thinking", mode)
    def _(ask=ask):
        answer = ask("thinker", thinking={"type": "enabled", "budget_tokens": 1024}, max_tokens=2000)
        assert [block.type for block in answer.content] == ["thinking", "text"]

    @check("anthropic (Python)", MESSAGES, "output_config.format", mode)
    def _(ask=ask):
        answer = ask(output_config={"format": {"type": "json_schema", "schema": SCHEMA}})
        assert is_wind(answer.content[0].text)


@check("anthropic (Python)", "POST /v1/messages/count_tokens", "messages, system")
def _():
    count = claude.messages.count_tokens
    plain = count(model="talker", messages=ASK).input_tokens
    assert count(model="talker", messages=ASK, system="Be brief.").input_tokens > plain > 3


@check("anthropic (Python)", MESSAGES, "error of an unknown model")
def _():
    fails(anthropic.NotFoundError, lambda: message("claude-sonnet-4"))


# ---- ollama -------------------------------------------------------------------------------------------------------
def parts(stream, field):
    return "".join(field(part) or "" for part in stream)


for mode in ("whole", "stream"):

    def say(mode=mode, **more):
        more = {"model": "talker", "messages": ASK, **more}
        if mode == "whole":
            return llama.chat(**more).message.content
        return parts(llama.chat(stream=True, **more), lambda part: part.message.content)

    def write(mode=mode, **more):
        more = {"model": "talker", "prompt": "Which?", **more}
        if mode == "whole":
            return llama.generate(**more).response
        return parts(llama.generate(stream=True, **more), lambda part: part.response)

    @check("ollama (Python)", "POST /api/chat", "messages, options, keep_alive", mode)
    def _(say=say):
        options = {"temperature": 0.1, "top_k": 5, "seed": 3, "num_ctx": 1024, "repeat_penalty": 1.1}
        assert say(options=options, keep_alive="5m") == TALK
        assert say(options={"stop": [" wind"]}) == "The name of this"

    @check("ollama (Python)", "POST /api/chat", "format", mode)
    def _(say=say):
        assert is_wind(say(format=SCHEMA))
        assert say(format="json", options={"num_predict": 200, "seed": 3}).lstrip().startswith("{")

    @check("ollama (Python)", "POST /api/generate", "prompt, system, options", mode)
    def _(write=write):
        assert write(system="Be brief.", options={"seed": 1}) == TALK

    @check("ollama (Python)", "POST /api/generate", "format", mode)
    def _(write=write):
        assert is_wind(write(format=SCHEMA))


@check("ollama (Python)", "POST /api/chat", "think")
def _():
    answer = llama.chat(model="thinker", messages=ASK, think=True)
    assert answer.message.thinking == "It is warm and dry." and answer.message.content == "It is the sirocco."


@check("ollama (Python)", "POST /api/chat", "think", "stream")
def _():
    chunks = list(llama.chat(model="thinker", messages=ASK, think=True, stream=True))
    assert parts(chunks, lambda part: part.message.thinking) == "It is warm and dry."


@check("ollama (Python)", "POST /api/chat", "images")
def _():
    look = [{"role": "user", "content": "Which?", "images": [IMAGE]}]
    assert is_seen(llama.chat(model="seer", messages=look).message.content)


@check("ollama (Python)", "POST /api/generate", "images")
def _():
    assert is_seen(llama.generate(model="seer", prompt="Which?", images=[IMAGE]).response)


@check("ollama (Python)", "POST /api/chat", "tools")
def _():
    calls = llama.chat(model="caller", messages=ASK, tools=[WIND, TIDE]).message.tool_calls
    assert [(call.function.name, call.function.arguments) for call in calls] == [("wind", {"at": "Tunis"}), ("tide", {})]


@check("ollama (Python)", "POST /api/chat", "durations and counts")
def _():
    answer = llama.chat(model="talker", messages=ASK)
    assert answer.done and answer.done_reason == "stop" and answer.eval_count > 3 and answer.total_duration > 1000


@check("ollama (Python)", "POST /api/chat", "logprobs, top_logprobs")
def _():
    logprobs = llama.chat(model="talker", messages=ASK, logprobs=True, top_logprobs=2).logprobs
    assert "".join(token.token for token in logprobs) == TALK


@check("ollama (Python)", "GET /api/tags", "all")
def _():
    assert {"talker", "caller"} <= {model.model.removesuffix(":latest") for model in llama.list().models}


@check("ollama (Python)", "POST /api/show", "all")
def _():
    assert llama.show("talker").details.format == "gguf"


@check("ollama (Python)", "GET /api/ps", "all")
def _():
    llama.chat(model="talker", messages=ASK)
    assert any(model.model.startswith("talker") for model in llama.ps().models)


@check("ollama (Python)", "POST /api/embed", "the reason for the refusal")
def _():
    error = fails(ollama.ResponseError, lambda: llama.embed("talker", "a"))
    assert "embed" in error.error


@check("ollama (Python)", "POST /api/embed", "input")
def _():
    answer = llama.embed("embedder", TEXTS)
    lie_as_texts_do(answer.embeddings)
    assert answer.prompt_eval_count > 6 and answer.total_duration >= answer.load_duration


@check("ollama (Python)", "POST /api/embed", "truncate, dimensions")
def _():
    text = "wind " * 10_000
    assert len(llama.embed("embedder", text, dimensions=8).embeddings[0]) == 8
    assert fails(ollama.ResponseError, lambda: llama.embed("embedder", text, truncate=False)).status_code == 400


@check("ollama (Python)", "POST /api/embeddings", "prompt")
def _():
    older = llama.embeddings("embedder", TEXTS[0]).embedding
    assert list(older) == list(llama.embed("embedder", TEXTS[0]).embeddings[0])


def names():
    return {model.model for model in llama.list().models}


for mode in ("whole", "stream"):

    def done(call, mode=mode):
        """The last status of what may take a while."""
        if mode == "whole":
            return call(stream=False).status
        return [part.status for part in call(stream=True)][-1]

    @check("ollama (Python)", "POST /api/create", "model, from, system, parameters", mode)
    def _(done=done):
        parameters = {"stop": [" wind"], "num_ctx": 1024, "temperature": 0.3}
        made = done(lambda **how: llama.create("pirate", from_="talker", system="Be brief.", parameters=parameters, **how))
        assert made == "success" and "pirate" in names()
        assert llama.chat("pirate", messages=ASK).message.content == "The name of this"
        assert llama.generate("pirate", "Which?", options={"stop": [" is"]}).response == "The name of this wind"
        assert "temperature                    0.3" in llama.show("pirate").parameters.splitlines()
        assert llama.delete("pirate").status == "success" and "talker" in names()

    @check("ollama (Python)", "POST /api/pull", "model", mode)
    def _(done=done):
        before = names()
        assert done(lambda **how: llama.pull("owner/pulled-GGUF", **how)) == "success"
        (pulled,) = names() - before
        assert llama.delete(pulled).status == "success" and names() == before


@check("ollama (Python)", "POST /api/create", "the reason for the refusal")
def _():
    error = fails(ollama.ResponseError, lambda: llama.create("pirate", from_="talker", template="{{ .Prompt }}"))
    assert error.status_code == 400 and "template" in error.error


@check("ollama (Python)", "POST /api/copy", "source, destination")
def _():
    assert llama.copy("talker", "speaker").status == "success"
    assert llama.chat("speaker", messages=ASK).message.content == TALK
    assert llama.delete("speaker").status == "success"


@check("ollama (Python)", "DELETE /api/delete", "model")
def _():
    assert fails(ollama.ResponseError, lambda: llama.delete("nobody")).status_code == 404
    llama.copy("talker", "speaker")
    llama.delete("speaker")
    assert "talker" in names() and "speaker" not in names()


@check("ollama (Python)", "POST /api/chat", "error of an unknown model")
def _():
    assert fails(ollama.ResponseError, lambda: llama.chat("llama3", messages=ASK)).status_code == 404


for client, route, field, mode, function in CHECKS:
    try:
        function()
        fault = None
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what the table tells.
        fault = f"{type(error).__name__}: {error}"
    print(json.dumps({"client": client, "route": route, "field": field, "mode": mode, "fault": fault}), flush=True)
