"""Why a gradient is None, and why it is not: the way from the root of a backward pass to a tensor, or its cut."""

from detachsim.explain.culprit import because, in_order
from detachsim.explain.cuts import (
    CODES,
    Cut,
    cut_evidence,
    cut_on_way,
    find_cuts,
    through_numbers,
    why,
    why_not_required,
)
from detachsim.explain.diagnosis import Because, Diagnosis
from detachsim.explain.history import History, Pass
from detachsim.explain.wording import listed, short, steps


def explain_none(history: History, tensor: int, names: tuple[str, ...], *, asked: bool = False) -> Diagnosis | None:
    """Return why the ``.grad`` of ``tensor`` is None now.

    Without ``asked`` nobody wants to know before a backward pass has run, or after one has failed, since the error
    is the answer: then it is None.
    """
    names = names or history.names(tensor)
    passes = [one for one in history.passes if one.began.call == "backward"]
    if not passes and not asked:
        return None
    found = _Reader(history, tensor, names, passes).explain()
    failed = found.code == "N8" and not passes[-1].completed if passes else False
    return None if failed and not asked else found


def explain_gradient(history: History, name: str) -> Diagnosis | None:
    """Return why ``name.grad`` is None at the end of the run, or the way that the gradient came."""
    tensor = history.named(name)
    if tensor is None:
        return None
    if tensor not in history.grads:
        return explain_none(history, tensor, (name,), asked=True)
    evidence = [because(history, history.tensors[tensor].step, "created", (name,), f"{name} is made here")]
    headline = f"{name}.grad was set by hand."
    arrived = [one for one in history.passes if any(event.tensor == tensor for event in one.received)]
    if arrived:
        last = arrived[-1]
        way = next((way for root in last.roots if (way := history.route(tensor, root))), [])
        for one in way[1:]:
            made = history.tensors[one]
            node = history.node_of.get(one)
            through = history.nodes[node][1].name if node is not None else made.event.op
            text = f"{history.called(one)} comes from {history.called(way[way.index(one) - 1])}, by {through}"
            evidence.append(because(history, made.step, "created", history.names(one), text))
        evidence.append(because(history, last.step, "needed", (name,), f"this backward brings {name} a gradient"))
        start = listed(history.called(root) for root in last.roots) or "its root"
        headline = f"{name}.grad came from {start} by the backward of {steps(one.step for one in arrived)}."
    return Diagnosis("N0", history.step, headline, in_order(history, evidence))


class _Reader:
    """One None gradient: who it belongs to, and the passes that did not bring one."""

    def __init__(self, history: History, tensor: int, names: tuple[str, ...], passes: list[Pass]) -> None:
        self.history = history
        self.tensor = tensor
        self.names = names
        self.passes = passes
        self.called = listed(names) or history.called(tensor)
        self.grad = f"{self.called}.grad" if names else f"the gradient of {self.called}"
        self.made = history.tensors.get(tensor)

    def explain(self) -> Diagnosis:
        history, tensor = self.history, self.tensor
        removed = self._removed()
        if removed is not None:
            return removed
        rebound = self._rebound()
        if rebound is not None:
            return rebound
        if not history.requires(tensor):
            return self._not_required()
        if not history.is_leaf(tensor):
            return self._non_leaf()
        return self._not_reached()

    def _diagnosis(self, code: str, reason: str, evidence: list[Because]) -> Diagnosis:
        evidence.append(because(self.history, self.history.step, "read", self.names, f"{self.grad} is None"))
        headline = f"{self.grad[0].upper() if not self.names else self.grad[0]}{self.grad[1:]} is None: {reason}."
        return Diagnosis(code, self.history.step, headline, in_order(self.history, evidence))

    def _created(self, text: str) -> Because:
        step = self.made.step if self.made is not None else ""
        return because(self.history, step, "created", self.names, text)

    def _removed(self) -> Diagnosis | None:
        """It had a gradient, and a later step took it away."""
        flags = [flag for flag in self.history.flags.get(self.tensor, ()) if flag.event.flag == "grad"]
        if not flags or flags[-1].event.value != "None":
            return None
        order, step = flags[-1].order, flags[-1].step
        later = [one for one in self.passes if one.order > order]
        earlier = [one for one in self.passes if one.order < order and self._received(one)]
        if not earlier or any(self._received(one) for one in later) or later:
            return None
        code = short(self.history.code(step))
        evidence = [because(self.history, earlier[-1].step, "created", self.names, f"backward sets {self.called}.grad")]
        evidence.append(because(self.history, step, "edited", self.names, f"{code} sets {self.called}.grad to None"))
        return self._diagnosis("N9", f"step {step} ({code}) set it to None, and no backward ran since", evidence)

    def _received(self, one: Pass) -> bool:
        return any(event.tensor == self.tensor for event in one.received)

    def _rebound(self) -> Diagnosis | None:
        """The name once stood for a leaf that requires grad."""
        history = self.history
        binding = history.ended_name(self.tensor)
        if binding is None or (history.is_leaf(self.tensor) and history.requires(self.tensor)):
            return None
        was = binding.event.was
        assert was is not None
        leaf = history.tensors[was]
        name = binding.event.name
        made = f"{name} is a leaf that requires grad"
        taken = f"the name {name} goes to another tensor, the result of {self.history.result_of(self.tensor)}"
        evidence = [because(history, leaf.step, "created", (name,), made)]
        evidence.append(because(history, binding.step, "rebound", (name,), taken))
        cuts = [] if history.requires(self.tensor) else find_cuts(history, self.tensor)
        kind = "which is no leaf and keeps no gradient"
        if cuts:
            kind = "which does not require grad"
            for cut in cuts[:2]:
                evidence.extend(cut_evidence(history, cut))
        code = short(history.code(binding.step), 40)
        reason = f"step {binding.step} ({code}) gave the name {name} to a new tensor, {kind}"
        return self._diagnosis("N4", reason, evidence)

    def _not_required(self) -> Diagnosis:
        cuts = find_cuts(self.history, self.tensor)
        return self._diagnosis(
            CODES[cuts[0].way], why_not_required(self.history, self.tensor, cuts), evidence_of(self.history, cuts)
        )

    def _non_leaf(self) -> Diagnosis:
        text = f"{self.called} is the result of {self.history.result_of(self.tensor)}, so it is no leaf"
        step = self.made.step if self.made else ""
        reason = f"it is no leaf, but the result of {self.history.result_of(self.tensor)} in step {step}"
        retained = [flag for flag in self.history.flags.get(self.tensor, ()) if flag.event.flag == "retains_grad"]
        if retained:
            return self._not_reached()
        return self._diagnosis("N3", f"{reason}, and only leaves keep their gradient", [self._created(text)])

    def _not_reached(self) -> Diagnosis:
        """A leaf that requires grad, which no backward pass has served."""
        history = self.history
        born = self.made.order if self.made is not None else 0
        since = [one for one in self.passes if one.order > born]
        created = self._created(f"{self.called} is made here")
        if not since:
            when = "no backward has run yet" if not self.passes else "no backward has run since it was made"
            reason = f"{when} (step {created.step})" if self.passes else when
            return self._diagnosis("N8", reason, [created])
        last = since[-1]
        for one in reversed(since):
            cut = self._cut_before(one)
            if cut is not None:
                needed = because(history, one.step, "needed", (), "this backward comes no further than the cut")
                return self._diagnosis(
                    CODES[cut.way], why(history, cut), [created, *cut_evidence(history, cut), needed]
                )
        if not last.completed:
            text = "this backward stops with an error before it comes here"
            evidence = [created, because(history, last.step, "needed", (), text)]
            return self._diagnosis("N8", f"the backward of step {last.step} ended with an error before it", evidence)
        taken = through_numbers(history, last.step, lambda each: bool(history.route(self.tensor, each)), self.tensor)
        if taken is not None:
            text = "this backward comes no further than the numbers"
            needed = because(history, last.step, "needed", (), text)
            return self._diagnosis("N10", why(history, taken), [created, *cut_evidence(history, taken), needed])
        roots = listed(history.called(root) for root in last.roots) or "its root"
        text = f"this backward starts from {roots}, which was not computed from {self.called}"
        reason = f"the backward of {steps(one.step for one in since)} did not use it"
        if any(history.route(self.tensor, root) for root in last.roots):
            text = f"this backward did not bring a gradient to {self.called}"
            reason = f"the backward of step {last.step} did not go there"
        evidence = [created, because(history, last.step, "needed", (), text)]
        for event in last.received:
            if event.tensor != self.tensor and history.memory_of(event.tensor) == history.memory_of(self.tensor) != 0:
                other = listed(event.names)
                text = f"{other} gets the gradient: it shares the memory of {self.called}, but is a tensor of its own"
                evidence.append(because(history, last.step, "needed", event.names, text))
        return self._diagnosis("N7", reason, evidence)

    def _cut_before(self, one: Pass) -> Cut | None:
        for root in one.roots:
            way = self.history.route(self.tensor, root)
            cut = cut_on_way(self.history, way) if way else None
            if cut is not None:
                return cut
        return None


def evidence_of(history: History, cuts: list[Cut]) -> list[Because]:
    """Return the evidence of several cuts."""
    return [one for cut in cuts[:4] for one in cut_evidence(history, cut)]
