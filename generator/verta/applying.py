"""Plan → Verta: each workspace is read again, written whole, and read back; whatever surprises stops the work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from generator.printing import clipped, printable
from generator.problems import Stop
from generator.verta.client import PAGE, Client, Named, Workspace, duplicates
from generator.verta.desired import Desired, Wanted
from generator.verta.planning import Look, Rules, Step, VertaPlan
from generator.verta.transport import Refused, Unsure


class Surprise(Stop):
    """Verta is not, or did not become, what it should be; nothing more is written."""


@dataclass(frozen=True, slots=True)
class Done:
    """A step after it was done."""

    step: Step
    """What was really written of what was planned."""
    id: str
    outcome: Literal["created", "changed", "already"]


def apply(client: Client, desired: Desired, plan: VertaPlan, rules: Rules) -> Iterator[Done]:
    """Do the steps of a plan, one after the other; each is done when it is yielded.

    Nothing is ever mapped anew or deleted, nothing is written that the plan does not say, and what was done already,
    by an earlier run or by another one, is left as it is. Raises Surprise or Stop at the first thing that is not as
    planned.
    """
    run = _Run(client, desired, plan, rules)
    for step in plan.steps:
        yield run.do(step)
    run.finish()


class _Run:
    """What is known of Verta while steps are done."""

    def __init__(self, client: Client, desired: Desired, plan: VertaPlan, rules: Rules) -> None:
        self.client, self.desired, self.rules = client, desired, rules
        self.actual = plan.actual
        self.look = Look(desired, plan.actual)
        self.known = {workspace.id: workspace for workspace in plan.actual.workspaces}
        self.covered = 0
        self.created: set[str] = set()

    @property
    def organization(self) -> Named:
        return self.actual.organization

    def do(self, planned: Step) -> Done:
        """Do one step."""
        name = planned.wanted.name
        if planned.creates:
            self._list_again()
        else:
            self._renew(planned.id, self.client.workspace(self.organization, planned.id))
        step = self._still(planned)
        current = next(iter(self.look.names.get(name, [])), None)
        if step is None:
            assert current is not None
            return Done(Step(planned.wanted, current.id), current.id, "already")
        target = _target(step, current, self.organization)
        key = self._save(target)
        if not key:
            key = self.look.names[name][0].id
            return Done(Step(planned.wanted, key), key, "already")
        kept = self.client.workspace(self.organization, key)
        self._renew(key, kept)
        if difference := _difference(target, step, kept):
            raise Surprise(f"{_called(name)}: {difference}; nothing more was written")
        if step.creates:
            self.created.add(name)
        return Done(step, key, "created" if step.creates else "changed")

    def finish(self) -> None:
        """Look whether what was created is there once; another run may have created it at the same time."""
        if not self.created:
            return
        for name, ids in duplicates(self.client.workspaces(self.organization)):
            if name in self.created:
                raise Surprise(
                    f"{_called(name)}: is there {len(ids)} times (ids {', '.join(ids)}), since another run created it "
                    "at the same time; delete one of them in Verta by hand"
                )

    def _list_again(self) -> None:
        """Read all workspaces before creating one; where they are many pages, once for as many creations."""
        if self.covered == 0:
            workspaces = self.client.workspaces(self.organization)
            self.look = Look(self.desired, replace(self.actual, workspaces=workspaces))
            self.known = {workspace.id: workspace for workspace in workspaces}
            self.covered = max(1, -(-len(workspaces) // PAGE))
        self.covered -= 1

    def _renew(self, key: str, workspace: Workspace | None) -> None:
        self.look.renew(self.known.pop(key, None), workspace)
        if workspace is not None:
            self.known[key] = workspace

    def _still(self, planned: Step) -> Step | None:
        try:
            return self.look.still(planned, self.rules)
        except ValueError as error:
            raise Surprise(f"{_called(planned.wanted.name)}: {error}; run again to see a new plan") from None

    def _save(self, target: Workspace) -> str:
        """Write; the id, or nothing where another run has written the same meanwhile."""
        try:
            key = self.client.save(target)
        except (Unsure, Refused) as error:
            if isinstance(error, Refused) and not (error.exists and target.id == "0"):
                raise
            return self._after_doubt(target, error)
        if key != "0":
            return key
        self.covered = 0
        return self._after_doubt(target, Surprise(f"{_called(target.name)}: Verta does not say the id that it got"))

    def _after_doubt(self, target: Workspace, error: Stop) -> str:
        """Look whether the write was done, or somebody else's of the same; otherwise raises the error."""
        if target.id != "0":
            current = self.client.workspace(self.organization, target.id)
            if current is None or _difference(target, Step(Wanted(target.name), target.id), current):
                raise error
            return target.id
        self.covered = 0
        self._list_again()
        same = self.look.names.get(target.name, [])
        if len(same) != 1 or same[0].namespace != target.namespace or not target.permissions <= same[0].permissions:
            raise error
        return "" if isinstance(error, Refused) else same[0].id


def _target(step: Step, current: Workspace | None, organization: Named) -> Workspace:
    """The whole workspace as it is to be: what Verta has, with the changes of the step."""
    base = current or Workspace(organization.id, "0", step.wanted.name)
    target = replace(
        base,
        description=step.wanted.description if step.describes else base.description,
        namespace=step.wanted.namespace if step.maps else base.namespace,
        permissions=(base.permissions | step.granted) - step.revoked,
    )
    assert base.namespace in ("", target.namespace), "a mapping is never changed"
    return target


def _difference(target: Workspace, step: Step, kept: Workspace | None) -> str:
    """What Verta did not keep of what was written; a grant that appeared besides is for the next plan."""
    if kept is None:
        return "Verta does not have it after it was written"
    for what, sent, found in (
        ("name", target.name, kept.name),
        ("namespace", target.namespace, kept.namespace),
        ("description", target.description, kept.description),
    ):
        if sent != found:
            one, two = clipped(printable(found), 80), clipped(printable(sent), 80)
            return f'Verta kept the {what} "{one}" where "{two}" was written'
    if lost := target.permissions - kept.permissions:
        return f"Verta did not keep {len(lost)} of {len(target.permissions)} grants"
    if stayed := step.revoked & kept.permissions:
        return f"Verta did not revoke {len(stayed)} of {len(step.revoked)} grants"
    return ""


def _called(name: str) -> str:
    return f'workspace "{clipped(printable(name), 80)}"'
