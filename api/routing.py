"""Chooses the engine of a question, and builds what speaks to it: the rules of the settings, over the facts of the question.

Without rules nothing is asked of anybody: the model server of ``llm`` answers. A rule that leads outside is only followed with
the clearance of the database (core/sensitivity.py), and what comes of it is an ``Outside``, which redacts and writes down.
"""

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from core.access import AccessScope, Principal
from core.db.pool import Pool, transaction
from core.egress import Ledger, Sender
from core.errors import Forbidden
from core.models import catalogue
from core.routes import DEFAULT, is_outside
from core.sensitivity import cleared, may_leave, sensitivity_of
from core.settings import Settings
from core.types import Turn
from generation.answer import Pack
from generation.engines.base import Generator
from generation.engines.openai import OpenAICompatible
from generation.engines.outside import Line, Outside
from generation.privacy.personal import LANGUAGE, Finder
from generation.privacy.placeholders import Finds, Redaction
from generation.route import Asked, Decision, decide
from retrieval.language import detect

log = logging.getLogger(__name__)

CHARS_PER_TOKEN = 3  # of the estimate, which errs high for English
ANSWER_TOKENS = 300


@dataclass(frozen=True, slots=True)
class Routed:
    """The engine of one question: what writes, what packs for it, and how much it takes."""

    generator: Generator
    window_tokens: int
    context_tokens: int
    portion_tokens: int | None
    decision: Decision

    def packing(self, pack: Pack) -> Pack:
        """Give the pack to use: an engine outside has to know whose passages it is given."""
        return self.generator.packing(pack) if isinstance(self.generator, Outside) else pack


class Router:
    """Chooses among the engines of the settings; ``find`` loads what finds personal data, where anything may leave at all.

    Raises SettingsError for rules that lead where they may not, LicenceRefused for a model that the policy does not allow.
    """

    def __init__(self, settings: Settings, pool: Pool, default: Generator, find: Callable[[], Finds] = Finder) -> None:
        settings.check_routes()
        self._settings, self._pool, self._default = settings, pool, default
        used = {route.engine for route in settings.routes} - {DEFAULT}
        for name in sorted(used):
            catalogue.check(settings.engines[name].model, settings)
        outside = {name for name in used if is_outside(settings.engines[name])}
        self._inside = {name: _client(settings, name) for name in sorted(used - outside)}
        self._finder = find() if outside else None
        ledger = Ledger(pool)
        self._lines = {name: Line(settings.engines[name], ledger) for name in sorted(outside)}

    def close(self) -> None:
        """Close the connections to what is outside."""
        for line in self._lines.values():
            line.close()

    def asked(self, scope: AccessScope, question: str, history: Sequence[Turn] = ()) -> Asked:
        """Find out what the rules can tell of a question."""
        with transaction(self._pool) as connection:
            sensitivity = sensitivity_of(connection, scope)
        before = [text for turn in history for text in (turn.question, turn.answer)]
        num_chars = len(question) + sum(map(len, before))
        return Asked(
            sensitivity=sensitivity,
            groups=frozenset(name.removeprefix("group:") for name in scope.principals if name.startswith("group:")),
            language=detect(question),
            num_chars=len(question),
            num_tokens=math.ceil(num_chars / CHARS_PER_TOKEN) + self._settings.search.context_tokens + ANSWER_TOKENS,
            follows=bool(history),
            languages_before=tuple(sorted(set(map(detect, before)))),
        )

    def decide(self, scope: AccessScope, question: str, history: Sequence[Turn] = ()) -> tuple[Asked, Decision]:
        """Apply the rules to a question without asking any engine anything."""
        asked = self.asked(scope, question, history)
        return asked, decide(self._settings.routes, self._settings.engines, asked)

    def model_of(self, engine: str) -> str:
        """Tell the model that an engine of the settings serves."""
        return self._default.model if engine == DEFAULT else self._settings.engines[engine].model

    def leads_outside(self, engine: str) -> bool:
        """Tell whether an engine stands outside of the walls."""
        return engine in self._lines

    def room_of(self, engine: str) -> tuple[int, int]:
        """Tell how many tokens an engine of the settings takes: of passages, and of prompt and answer together."""
        of_its_own = self._settings.engines.get(engine)
        window = of_its_own.window_tokens if of_its_own else self._settings.llm.window_tokens
        return (of_its_own.context_tokens if of_its_own else None) or self._settings.search.context_tokens, window

    def portion_tokens_of(self, engine: str) -> int | None:
        """Tell how many tokens of passages an engine reads at once, None for all: the default as the settings say, others all."""
        return self._settings.search.portion_tokens if engine == DEFAULT else None

    def redaction(self) -> Redaction:
        """Begin the placeholders of a question that goes outside."""
        if self._finder is None:
            raise Forbidden("No rule leads outside, so nothing is ever replaced.")
        return Redaction(self._finder, dates=self._settings.privacy.dates)

    def route(
        self,
        principal: Principal,
        scope: AccessScope,
        question: str,
        history: Sequence[Turn] = (),
        collection: str | None = None,
    ) -> Routed:
        """Choose the engine of a question; where a rule leads outside and the database does not clear it, the default answers."""
        if not self._settings.routes:
            return self._routed(self._default, Decision(DEFAULT, None, ()))
        _, decision = self.decide(scope, question, history)
        if not self.leads_outside(decision.engine):
            return self._routed(self._inside.get(decision.engine, self._default), decision)
        try:
            return self._routed(self._outside(principal, scope, collection, decision), decision)
        except Forbidden as error:  # a label has changed since the rule was looked at
            log.warning("outside.refused", extra={"engine": decision.engine, "reason": str(error)})
            return self._routed(self._default, replace(decision, engine=DEFAULT, rule=None))

    def _outside(self, principal: Principal, scope: AccessScope, collection: str | None, decision: Decision) -> Outside:
        with transaction(self._pool) as connection:
            clearance = cleared(connection, scope)
        return Outside(
            self._lines[decision.engine],
            sender=Sender(principal, str(decision.rule), decision.engine, collection, clearance),
            redaction=self.redaction(),
            inside=self._default,
            may_leave=self._may_leave,
        )

    def _may_leave(self, document_ids: Sequence[UUID]) -> bool:
        with transaction(self._pool) as connection:
            return may_leave(connection, document_ids, [LANGUAGE])

    def _routed(self, generator: Generator, decision: Decision) -> Routed:
        context, window = self.room_of(decision.engine)
        return Routed(generator, window, context, self.portion_tokens_of(decision.engine), decision)


def _client(settings: Settings, name: str) -> Generator:
    engine = settings.engines[name]
    key = engine.api_key.get_secret_value() if engine.api_key else None
    return OpenAICompatible(url=engine.url, model=engine.model, api_key=key, timeout_s=engine.timeout_s)
