"""The OpenAPI 3.1 document of the hub, made from the route table and the models of its bodies."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.responses import Response

from gateway.transport.answers import PREFIX
from gateway.transport.problems import PROBLEM_TYPE, Problem, refuse_with_problem
from gateway.transport.routes import Call, Credentials, Route

_CONVERTER = re.compile(r"\{(\w+):\w+\}")
_REFERENCE = "#/components/schemas/{model}"


def openapi_document(table: Sequence[Route]) -> dict[str, Any]:
    """The document of these routes."""
    paths: dict[str, dict[str, Any]] = {}
    for route in table:
        path = _CONVERTER.sub(r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "gridpost hub",
            "version": version("gridpost"),
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": paths,
        "components": {
            "schemas": _schemas(table),
            "securitySchemes": {
                "token": {
                    "type": "oauth2",
                    "flows": {"clientCredentials": {"tokenUrl": "/oauth2/v2.0/token", "scopes": {}}},
                }
            },
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    content: dict[str, Any] = {name: {} for name in route.media}
    if route.gives is not None:
        content["application/json"] = {"schema": _reference(route.gives)}
    answer: dict[str, Any] = {"description": route.status.phrase}
    if content:
        answer["content"] = content
    operation: dict[str, Any] = {
        "summary": route.text,
        "parameters": [
            {"name": p.name, "in": p.place, "description": p.text, "required": p.required, "schema": p.schema}
            for p in route.parameters
        ],
        "responses": {str(int(route.status)): answer, "default": _refusal(route)},
        "security": [] if route.credentials is Credentials.NONE else [{"token": []}],
    }
    if route.roles:
        operation["x-roles"] = sorted(route.roles)
    taken: dict[str, Any] = {name: {} for name in route.reads}
    if route.takes is not None:
        taken["application/json"] = {"schema": _reference(route.takes)}
    if taken:
        operation["requestBody"] = {"required": True, "content": taken}
    return operation


def _refusal(route: Route) -> dict[str, Any]:
    if route.refuse is not refuse_with_problem:
        return {"description": "Refused, in the form of the caller's dialect"}
    return {"description": "Refused", "content": {PROBLEM_TYPE: {"schema": _reference(Problem)}}}


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REFERENCE.format(model=model.__name__)}


def _schemas(table: Sequence[Route]) -> dict[str, Any]:
    used = {model for route in table for model in (route.takes, route.gives) if model is not None} | {Problem}
    ordered = sorted(used, key=lambda model: model.__name__)
    _, document = models_json_schema([(model, "serialization") for model in ordered], ref_template=_REFERENCE)
    found: dict[str, Any] = document["$defs"]
    return found


def openapi_route(table: Sequence[Route]) -> Route:
    """The endpoint that shows the document of a table; it names itself in it."""

    async def show(call: Call) -> Response:
        return Response(content, media_type="application/json")

    text = "This description."
    route = Route(
        "GET",
        f"{PREFIX}/openapi.json",
        frozenset(),
        show,
        refuse_with_problem,
        text,
        credentials=Credentials.NONE,
    )
    content = json.dumps(openapi_document((*table, route)), separators=(",", ":")).encode()
    return route
