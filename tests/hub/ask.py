"""Asks `huggingface_hub` one question and prints the answer as JSON: `ask.py QUESTION ARGUMENTS…`.

An exception is an answer, too: `{"exception": its class}`.
"""

import json
import sys

from huggingface_hub import HfApi, get_session, hf_hub_download
from huggingface_hub.utils import parse_ratelimit_headers

api = HfApi()


def download(repository, path, revision=None):
    return hf_hub_download(repository, path, revision=revision)


def info(repository, revision=None):
    return api.model_info(repository, revision=revision).id


def search(*filters):
    models = api.list_models(filter=list(filters), sort="downloads", expand=["gguf", "downloads"])
    return [{"id": model.id, "gguf": model.gguf, "downloads": model.downloads} for model in models]


def tree(repository):
    files = api.list_repo_tree(repository, recursive=True, expand=True)
    return {
        file.path: {"sha256": file.lfs and file.lfs.sha256, "size": file.size, "oid": file.blob_id, "safe": file.security.safe}
        for file in files
        if hasattr(file, "blob_id")
    }


def paths(repository, *paths):
    return [entry.path for entry in api.get_paths_info(repository, list(paths))]


def limits(_=None):
    answer = get_session().get(api.endpoint + "/api/models")
    limits = parse_ratelimit_headers(answer.headers)
    return [limits.resource_type, limits.limit, limits.window_seconds]


QUESTIONS = {question.__name__: question for question in [download, info, search, tree, paths, limits]}

try:
    answer = QUESTIONS[sys.argv[1]](*sys.argv[2:])
except Exception as exception:
    answer = {"exception": type(exception).__name__}
json.dump(answer, sys.stdout)
