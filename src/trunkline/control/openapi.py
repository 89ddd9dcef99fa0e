"""The OpenAPI document of the HTTP API, made of its operations and of the types they take and give."""

from typing import Any, Final

import msgspec

from trunkline.config.stored import schemas_of
from trunkline.config.tenants import KeyGrant, Org, Team, User
from trunkline.control import operations
from trunkline.control.operations import MOST, OPERATIONS, USUAL_LIMIT, Operation
from trunkline.kept.disclosing import Subject
from trunkline.kept.showing import ShownTranscript
from trunkline.store.content import Erased
from trunkline.tenancy.showing import ShownKey, ShownTenant

BASE: Final = "/api/v1"
REFERENCE: Final = "#/components/schemas/"
PAGES: Final = {
    "OfTenants": "ShownTenant",
    "OfKeys": "ShownKey",
    "OfProviderKeys": "ShownProviderKey",
    "OfChanges": "ShownChange",
    "OfRequestLog": "ShownEntry",
}
ERROR: Final = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "problems": {
                    "type": "array",
                    "description": "What is wrong with the body, setting by setting.",
                    "items": {
                        "type": "object",
                        "required": ["path", "message", "hint"],
                        "properties": {name: {"type": "string"} for name in ("path", "message", "hint")},
                    },
                },
            },
        }
    },
}
REFUSALS: Final = {
    "400": "The request cannot be read.",
    "401": "The token is missing, or another.",
    "404": "There is nothing of that name.",
    "409": "The configuration defines it (`configured`; the message names the line), or something is in the way; "
    "or what is encrypted does not open (`not_opened`): it was erased, or changed.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
    "422": "What was given does not hold together.",
    "503": "The store does not answer.",
}


def document(version: str) -> dict[str, Any]:
    """OpenAPI 3.1."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(BASE + operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Trunkline", "version": version, "description": "Whom requests are counted for, and keys."},
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": _schemas(),
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {"operationId": operation.id, "summary": operation.summary}
    parameters = [_parameter("name", "path", {"type": "string"})] if "{name}" in operation.path else []
    if operation.page:
        limit = {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL_LIMIT}
        parameters += [_parameter("limit", "query", limit), _parameter("after", "query", {"type": "string"})]
    parameters += [_parameter(name, "query", {"type": "string"}) for name in operation.filters]
    if parameters:
        described["parameters"] = parameters
    if operation.takes:
        described["requestBody"] = {"required": True, "content": _json(operation.takes)}
    good: dict[str, Any] = {"description": "Done."}
    if operation.gives:
        good["content"] = _json(operation.gives)
    described["responses"] = {str(status): good for status in operation.statuses}
    described["responses"] |= {
        status: {"description": told, "content": _json("Error")} for status, told in REFUSALS.items()
    }
    return described


def _parameter(name: str, where: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": where, "required": where == "path", "schema": schema}


def _json(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": REFERENCE + name}}}


def _schemas() -> dict[str, Any]:
    told = [ShownTenant, ShownKey, operations.ShownProviderKey, operations.ShownChange, operations.MadeKey]
    told += [operations.NewProviderKey, operations.Rotation, operations.Forgetting]
    told += [ShownTranscript, Subject, Erased]
    _, found = msgspec.json.schema_components(told, ref_template=REFERENCE + "{name}")
    found = {**found, **schemas_of([Org, Team, User, KeyGrant], REFERENCE), "Error": ERROR}
    for tenant in ("Org", "Team"):
        found[tenant]["properties"].pop("provider_keys")
    named = {"name": {"type": "string", "description": "What it is called."}, **found["KeyGrant"]["properties"]}
    found["NewKey"] = {**found["KeyGrant"], "properties": named, "required": ["name"]}
    for page, item in PAGES.items():
        found[page] = {
            "type": "object",
            "required": ["items", "next"],
            "properties": {
                "items": {"type": "array", "items": {"$ref": REFERENCE + item}},
                "next": {"type": ["string", "null"], "description": "`after` of the next page; null: there is none."},
            },
        }
    return found
