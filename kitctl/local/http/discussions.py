"""`discussions.DiscussionApiService`: forums, topics and comments, also those of competitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any

from kitctl.local.http import fields, wire
from kitctl.local.http.api import Api, Methods
from kitctl.local.http.fields import Body
from kitctl.local.state.discussions import FORUMS, Topic
from kitctl.local.state.names import COMPETITIONS


def list_forums(api: Api, body: Body) -> dict[str, Any]:
    forums = [
        {
            "id": number,
            "name": slug.replace("-", " ").capitalize(),
            "url": f"{api.site}/discussions/{slug}",
            "subtitle": subtitle,
        }
        for number, (slug, subtitle) in enumerate(FORUMS.items(), 1)
    ]
    return {"forums": forums}


def list_topics(api: Api, body: Body) -> dict[str, Any]:
    forum = fields.text(body, "forumSlug")
    return _topics(api, body, f"forums/{forum}" if forum else "forums")


def list_dataset_topics(api: Api, body: Body) -> dict[str, Any]:
    owner, slug = fields.text(body, "ownerSlug"), fields.text(body, "datasetSlug")
    dataset = api.state.datasets.find(owner, slug)
    return _topics(api, body, f"datasets/{dataset.owner}/{dataset.slug}")


def list_model_topics(api: Api, body: Body) -> dict[str, Any]:
    owner, slug = fields.text(body, "ownerSlug"), fields.text(body, "modelSlug")
    return _topics(api, body, f"models/{api.state.models.find(owner, slug).slug}")


def list_kernel_topics(api: Api, body: Body) -> dict[str, Any]:
    owner, slug = fields.text(body, "ownerSlug"), fields.text(body, "kernelSlug")
    kernel = api.state.kernels.find(owner, slug)
    return _topics(api, body, f"kernels/{kernel.owner}/{kernel.slug}")


def list_benchmark_topics(api: Api, body: Body) -> dict[str, Any]:
    owner, slug = fields.text(body, "ownerSlug"), fields.text(body, "benchmarkSlug")
    return _topics(api, body, f"benchmarks/{owner}/{slug}")


def get_topic(api: Api, body: Body) -> dict[str, Any]:
    topic = api.state.discussions.find(fields.number(body, "id") or 0)
    return {"topic": {**_topic(api, topic), "content": topic.content}}


def list_comments(api: Api, body: Body) -> dict[str, Any]:
    topic = api.state.discussions.find(fields.number(body, "topicId") or 0)
    offset, size = fields.page(body)
    page = topic.comments[offset : offset + size + 1]
    numbers = count(1)
    return wire.paged("comments", page, body, lambda one: _comment(api, topic, one, numbers))


def list_competition_topics(api: Api, body: Body) -> dict[str, Any]:
    topics = _of_competition(api, body)
    offset, size = fields.page(body)
    page = [
        {
            "id": topic.id,
            "title": topic.title,
            "topicUrl": _url(api, topic),
            "authorName": topic.author,
            "commentCount": topic.comment_count,
            "postDate": wire.time(topic.created_at),
            "lastCommentPostDate": wire.time(topic.created_at),
        }
        for topic in topics[offset : offset + size]
    ]
    return {"topics": page, "totalCount": len(topics)}


def list_topic_messages(api: Api, body: Body) -> dict[str, Any]:
    """Return a topic's text as its first message, and the comments after it."""
    topic = api.state.discussions.find(fields.number(body, "topicId") or 0)
    first = {"author": topic.author, "content": topic.content}
    numbers = count(1)
    return {"messages": [_message(topic, one, numbers) for one in (first, *topic.comments)]}


def _of_competition(api: Api, body: Body) -> list[Topic]:
    competition = api.state.competitions.find(fields.text(body, "competitionName"))
    return api.state.discussions.below(f"{COMPETITIONS}/{competition.slug}", "")


def _topics(api: Api, body: Body, place: str) -> dict[str, Any]:
    topics = api.state.discussions.below(place, fields.text(body, "searchQuery"))
    offset, size = fields.page(body)
    page = wire.paged(
        "topics", topics[offset : offset + size + 1], body, lambda topic: _topic(api, topic)
    )
    return {**page, "totalCount": len(topics)}


def _topic(api: Api, topic: Topic) -> dict[str, Any]:
    kind, _, name = topic.place.partition("/")
    numbers = {slug: number for number, slug in enumerate(FORUMS, 1)}
    return {
        "id": topic.id,
        "title": topic.title,
        "url": _url(api, topic),
        "postDate": wire.time(topic.created_at),
        "lastCommentDate": wire.time(topic.created_at),
        "authorName": topic.author,
        "authorUrl": f"{api.site}/{topic.author}",
        "votes": 0,
        "commentCount": topic.comment_count,
        "forumName": name,
        "forumId": numbers.get(name, 0) if kind == "forums" else 0,
    }


def _url(api: Api, topic: Topic) -> str:
    return f"{api.site}/{topic.place}/discussion/{topic.id}"


def _comment(
    api: Api, topic: Topic, comment: Mapping[str, Any], numbers: Iterator[int]
) -> dict[str, Any]:
    author = str(comment.get("author", topic.author))
    return {
        "id": _comment_id(topic, numbers),
        "authorName": author,
        "authorUrl": f"{api.site}/{author}",
        "postDate": wire.time(topic.created_at),
        "content": str(comment.get("content", "")),
        "votes": 0,
        "replies": [_comment(api, topic, reply, numbers) for reply in _replies(comment)],
    }


def _message(topic: Topic, comment: Mapping[str, Any], numbers: Iterator[int]) -> dict[str, Any]:
    text = str(comment.get("content", ""))
    return {
        "id": _comment_id(topic, numbers),
        "postDate": wire.time(topic.created_at),
        "content": text,
        "rawMarkdown": text,
        "authorName": str(comment.get("author", topic.author)),
        "replies": [_message(topic, reply, numbers) for reply in _replies(comment)],
    }


def _comment_id(topic: Topic, numbers: Iterator[int]) -> int:
    return topic.id * 1000 + next(numbers)


def _replies(comment: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    replies: Sequence[Mapping[str, Any]] = comment.get("replies", ())
    return replies


METHODS: Methods = {
    "ListForums": list_forums,
    "ListTopics": list_topics,
    "ListDatasetTopics": list_dataset_topics,
    "ListModelTopics": list_model_topics,
    "ListKernelTopics": list_kernel_topics,
    "ListBenchmarkTopics": list_benchmark_topics,
    "GetTopic": get_topic,
    "ListComments": list_comments,
}
COMPETITION_METHODS: Methods = {
    "ListCompetitionTopics": list_competition_topics,
    "ListTopicMessages": list_topic_messages,
}
