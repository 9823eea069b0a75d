"""Test that ten real events of the drone deal are entered with few interactions, and that the record is right after."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import simcord

from bot.services import records
from data.records import Approval, Party, State
from tests.builders import due_value, on_day
from tests.discord.conftest import World, answer, dms, labels_of, reply


@dataclass
class Entering:
    """An editor at work, and a count of what the work costs: a command, button, select or form is one interaction.

    Every option of a command and every input of a form that has a text counts as a typed entry.
    """

    world: World
    interactions: int = 0
    forms: int = 0
    typed: list[str] = field(default_factory=list)

    async def form(self, command: str, options: dict[str, str], inputs: dict[str, str]) -> simcord.InteractionResult:
        """Run a command and send its form. Return the preview or the refusal."""
        self.interactions += 1
        self.typed += options.values()
        opened = await self.world.editor.slash(self.world.channel, command, **options)
        assert opened.modal is not None, answer(opened)
        return await self.submit(opened, inputs)

    async def submit(self, opened: simcord.InteractionResult, inputs: dict[str, str]) -> simcord.InteractionResult:
        """Send an open form."""
        self.interactions += 1
        self.forms += 1
        self.typed += inputs.values()
        assert opened.modal is not None, answer(opened)
        # A client sends the texts with which a form begins, too.
        parts = [part["component"] for part in opened.modal["components"]]
        filled = {part["custom_id"]: part["value"] for part in parts if part.get("value")}
        return await self.world.editor.submit_modal(opened, filled | inputs)

    async def click(self, message: simcord.InteractionResult, label: str) -> simcord.InteractionResult:
        """Press a button below a message."""
        self.interactions += 1
        return await self.world.editor.click(reply(message), label=label)

    async def choose(self, message: simcord.InteractionResult, name: str, labels: list[str]) -> Any:
        """Choose options of the select whose custom id begins with a name, by their labels."""
        self.interactions += 1
        select = next(part for part in selects(message) if part["custom_id"].startswith(name))
        values = [option["value"] for option in select["options"] if option["label"] in labels]
        assert len(values) == len(labels), [option["label"] for option in select["options"]]
        return await self.world.editor.select(reply(message), values, custom_id=select["custom_id"])

    async def save(self, preview: simcord.InteractionResult) -> simcord.InteractionResult:
        """Press *Save* and expect it to work."""
        saved = await self.click(preview, "Save")
        assert answer(saved).startswith("## Saved"), answer(saved)
        return saved


def selects(message: simcord.InteractionResult) -> list[dict[str, Any]]:
    """Return the payloads of the selects below a message."""
    rows = reply(message).components
    return [part for row in rows for part in row.get("components", []) if part.get("type") == 3]


THE_HINDU = (
    "https://www.thehindu.com/news/national/us-approves-sale-of-31-mq-9b-armed-drones-to-india/article67801873.ece/amp/"
)
SENATE = "https://foreign.senate.gov/press/dem/release/chair-cardin-statement-on-sale-of-mq-9-drones-to-india"
WINDOW = "https://beta.ap7am.com/english-news-76262/congressional-review-over-us-sale-of-mq-9b-drones-to-india-ready-for-next-steps"
OFFER = "https://pragativadi.com/us-sends-letter-of-acceptance-to-india-for-predator-drone-purchase/"
TALKS = "https://www.azerbaycan24.com/en/us-india-to-explore-possibility-of-joint-production-of-ground-based-military-equipment/"
SUPPLY = "https://www.newindianexpress.com/nation/2024/Aug/23/india-us-sign-reciprocal-defence-agreement-during-rajnath-singhs-visit-to-washington"
OFFICIALS = "https://www.globalsecurity.org/wmd/library/news/india/2024/india-240917-india-mea01.htm"
WILMINGTON = "https://www.lokmattimes.com/international/president-biden-welcomes-progress-on-indias-procurement-of-mq-9b-aircraft-lauds-effort-to-advance-cooperation-in-space-cyber/"
CABINET = "https://newsable.asianetnews.com/india-defence/ccs-clears-nuclear-powered-submarines-project-and-31-mq-9b-predator-drones-anr-sl4d1b"
SIGNATURE = "https://www.orissapost.com/india-seals-big-ticket-deal-to-procure-31-predator-drones-from-us/"


async def enter_ten_events(entering: Entering) -> None:
    """Enter the ten events of the drone deal from February to October 2024."""

    def event(kind: str, day: str, source: str, deal: str = "drones") -> dict[str, str]:
        return {"deal": deal, "kind": kind, "day": day, "source": source}

    async def enter(options: dict[str, str], inputs: dict[str, str]) -> simcord.InteractionResult:
        saved = await entering.save(await entering.form("update event", options, inputs))
        await entering.world.tick(80)
        return saved

    # 1. Congress is notified.
    await enter(
        event("notified", "2024-02-01", THE_HINDU),
        {
            "counted": "3.99 billion USD (notified)",
            "who": "US (State Department): release, granted; US (Congress): review",
            "due": "2 March 2024, fixed",
        },
    )
    # 2. The chair of a committee approves: the window keeps running.
    await enter(
        event("approved", "2024-02-02", SENATE),
        {"who": "US (Senate committee chair): consent"},
    )
    # 3. The window ends without objection. The editor judges that all clearances are given.
    preview = await entering.form("update event", event("window_ended", "2024-03-02", WINDOW), {})
    assert "review by Congress" in answer(preview)
    preview = await entering.choose(
        preview,
        "update.eventchanges",
        [
            "Expired: review by Congress (United States)",
            "Granted: clearances by U.S. government",
            "Close as done: Review: 31 armed drones for India",
            "Close as given: Clearances for the 31 drones",
        ],
    )
    await entering.save(preview)
    await entering.world.tick(80)
    # 4. The offer is sent: the signature is open.
    await enter(event("offered", "2024-03-11", OFFER), {})
    # 5. Talks welcome the discussions on two deals.
    await enter(
        event("talks", "2024-06-17", TALKS),
        {"who": "combat vehicles", "note": "It welcomes the discussions."},
    )
    # 6. Two instruments are signed. The second is from the same source and day, which are left out.
    await enter(event("signed", "2024-08-22", SUPPLY, "New deal: Security of Supply Arrangement"), {})
    await enter({"deal": "New deal: Memorandum on liaison officers", "kind": "signed"}, {})
    # 7. Officials meet: a new session with four people who are not in the record.
    refused = await entering.form(
        "update add",
        {
            "kind": "session",
            "name": "Eighth 2+2 intersessional",
            "about": "india-us-2plus2",
            "day": "2024-09-16",
            "source": OFFICIALS,
        },
        {"place": "New Delhi", "attended": "Nagaraj Naidu; Vishwesh Negi; Donald Lu; Jedidiah Royal"},
    )
    await entering.save(await entering.click(refused, "Add 4 new participants"))
    # 8. The leaders welcome progress.
    await enter(
        event("talks", "2024-09-21", WILMINGTON),
        {"who": "india-us-defence-roadmap", "note": "It welcomes the progress."},
    )
    # 9. The Cabinet Committee approves; the offer ends on 31 October.
    await enter(
        event("approved", "2024-10-09", CABINET),
        {"who": "India (Cabinet Committee on Security): purchase", "due": "31 October 2024, fixed"},
    )
    # 10. The contract is signed, with a second one.
    saved = await enter(
        event("signed", "2024-10-15", SIGNATURE),
        {"counted": "nearly 4 billion USD (contract); Rs 32,000 crore (contract)"},
    )
    second = await entering.submit(
        await entering.click(saved, "Second contract"),
        {"name": "Drone maintenance", "who": "General Atomics Global India as contractor"},
    )
    await entering.save(await entering.click(second, "New participant: General Atomics Global India"))


async def state_of(world: World, slug: str) -> State:
    return (await records.get(world.db.read, world.guild.id, slug)).record.state


async def test_ten_events_take_few_interactions_and_leave_the_record_right(world: World):
    await world.member.slash(world.channel, "follow add", what="armed-drones")
    confirmations = len(dms(world))
    entering = Entering(world)
    await enter_ten_events(entering)
    await world.tick(80)
    assert entering.interactions <= 40
    assert entering.forms <= 14
    assert len(entering.typed) <= 60
    assert sum(map(len, entering.typed)) <= 2000
    first_lines = [message.content.splitlines()[0] for message in dms(world)[confirmations:]]
    # Each event reports at most once. Notes report nothing at once, and the second contract is a deal of its own.
    assert first_lines == [
        "**31 armed drones for India: the State Department \\(United States\\) has granted the release.**",
        "**31 armed drones for India: the Senate committee chair \\(United States\\) has granted the consent.**",
        "**31 armed drones for India: the U.S. government has granted the clearances.** "
        "Was: waiting for them, 10 November 2023.",
        "**31 armed drones for India: the deal is in negotiation.** Was: under review, 10 November 2023.",
        "**31 armed drones for India: the deal has been approved, but is not signed yet.** "
        "Was: in negotiation, 11 March 2024.",
        "**31 armed drones for India: the deal has been signed.** "
        "Was: last approval given, awaiting signature, 9 October 2024.",
        "**Drone maintenance: the deal has been signed.**",
    ]


async def test_after_ten_events_card_history_and_lists_are_right(world: World):
    await enter_ten_events(Entering(world))
    drones = await state_of(world, "armed-drones")
    assert {
        fact.value.authority or fact.value.side: fact.value.state for fact in drones.facts("approval", Approval)
    } == {
        "us-government": "granted",
        "State Department": "granted",
        "Congress": "expired",
        "Senate committee chair": "granted",
        "Cabinet Committee on Security": "granted",
    }
    card = answer(await world.editor.slash(world.channel, "deal show", deal="armed-drones"))
    for words in (
        "**Signed on 15 October 2024**; deliveries outstanding, reported 15 October 2024",
        "**Left to act:** General Atomics, reported 15 October 2024; no due date given",
        "nearly $4 billion \\(contract\\); ₹32,000 crore \\(₹320 billion, contract\\), 15 October 2024; 2 more",
        "**Approvals:** 4 granted, 1 expired",
    ):
        assert words in card
    history = answer(await world.editor.slash(world.channel, "deal history", deal="armed-drones")).splitlines()
    lines = [line for line in history if line.startswith("**")]
    assert [line.removeprefix("**").split(". ")[0].split(":")[0] for line in lines[:8]] == [
        "15 October 2024",
        "9 October 2024",
        "21 September 2024",
        "17 June 2024",
        "11 March 2024",
        "2 March 2024",
        "2 February 2024",
        "1 February 2024",
    ]
    assert "Signed** (was: last approval given, awaiting signature, 9 October 2024); Value: nearly" in lines[0]
    assert lines[0].count("https://") == 1
    deals = answer(await world.editor.slash(world.channel, "deal list"))
    assert "Signed on 15 October 2024; deliveries outstanding" in deals
    for name in ("Security of Supply Arrangement", "Memorandum on liaison officers"):
        assert f"**{name}**\nSigned on 22 August 2024" in deals
    assert "Proposed; waiting for an answer to the offer" in deals
    pending = answer(await world.editor.slash(world.channel, "pending list"))
    assert "Delivery: 31 armed drones for India" in pending
    for closed in ("Clearances", "Review:", "Signature:"):
        assert closed not in pending


async def test_after_ten_events_the_other_records_are_right(world: World):
    await enter_ten_events(Entering(world))
    session = await state_of(world, "eighth-2-2-intersessional")
    assert (session.text("state"), session.value("held_on")) == ("held", on_day("2024-09-16"))
    assert [fact.value.record for fact in session.facts("attended", Party)] == [
        "nagaraj-naidu",
        "vishwesh-negi",
        "donald-lu",
        "jedidiah-royal",
    ]
    assert session.value("series") == Party("india-us-2plus2")
    second = await state_of(world, "drone-maintenance")
    assert (second.text("stage"), second.value("part_of")) == ("signed", Party("armed-drones"))
    signature = await state_of(world, "signature-31-armed-drones-for-india")
    assert (signature.text("state"), signature.text("outcome")) == ("closed", "done")
    assert signature.value("due") == due_value("2024-10-31", "fixed")
    assert [fact.value.record for fact in signature.facts("who", Party)] == ["india"]
    for slug in ("infantry-combat-vehicles", "india-us-defence-roadmap"):
        assert len((await state_of(world, slug)).facts("note")) == 1
    assert (await state_of(world, "fighter-jet-engines")).text("stage") == "unspecified"


async def test_one_undo_takes_a_whole_event_back(world: World):
    entering = Entering(world)
    before = await state_of(world, "armed-drones")
    options = {"deal": "drones", "kind": "signed", "day": "2024-10-15", "source": SIGNATURE}
    saved = await entering.save(await entering.form("update event", options, {"counted": "4 billion USD (contract)"}))
    assert labels_of(reply(saved)) == ["Undo", "Open", "Cite", "Describe this source", "Second contract"]
    assert await records.find(world.db.read, world.guild.id, "delivery-31-armed-drones-for-india") is not None
    undone = await entering.click(saved, "Undo")
    assert answer(undone).startswith("## Undone")
    assert await state_of(world, "armed-drones") == before
    assert await records.find(world.db.read, world.guild.id, "delivery-31-armed-drones-for-india") is None
