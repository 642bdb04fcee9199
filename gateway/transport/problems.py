"""Refusals of the neutral API as RFC 9457 problem bodies."""

from __future__ import annotations

import json

from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import Response

from gateway.messages.findings import Finding
from gateway.transport.error_bodies import MOST_DETAILS, clean_text
from gateway.transport.refusals import HttpRefusal

PROBLEM_TYPE = "application/problem+json"


class FindingBody(BaseModel):
    """One refusal or remark: its code, the sentence, and the place."""

    model_config = ConfigDict(frozen=True)

    code: str
    text: str
    path: str = ""
    rule: str = ""
    clause: str = ""
    line: int = 0
    position: int = 0
    severity: str = "error"

    @classmethod
    def of(cls, finding: Finding) -> FindingBody:
        """The body of a finding."""
        return cls(
            code=clean_text(finding.code),
            text=clean_text(finding.text),
            path=clean_text(finding.path),
            rule=finding.rule,
            clause=finding.clause,
            line=finding.line,
            position=finding.position,
            severity=finding.severity,
        )


class Problem(BaseModel):
    """RFC 9457: what went wrong, with the hub's findings and a reference for questions."""

    model_config = ConfigDict(frozen=True)

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    reference: str
    findings: list[FindingBody] = []


def refuse_with_problem(request: Request, refused: HttpRefusal, reference: str) -> Response:
    """The problem body of a refusal."""
    problem = Problem(
        title=refused.status.phrase,
        status=refused.status,
        detail=clean_text(refused.findings[0].text),
        reference=reference,
        findings=[FindingBody.of(finding) for finding in refused.findings[:MOST_DETAILS]],
    )
    content = json.dumps(problem.model_dump(mode="json"), ensure_ascii=False).encode()
    return Response(content, refused.status, refused.headers, PROBLEM_TYPE)
