"""What stands before a question; the routes' tests have what is refused."""

from pathlib import Path

from api import bodies
from api.questions import conversation
from core.settings import Settings
from core.types import Turn

HISTORY = [bodies.Turn(question=" How much? ", answer=" 30 days.\n"), bodies.Turn(question="When?", answer="")]


def test_turns_keep_their_order_and_lose_the_space_around_them(tmp_path: Path) -> None:
    assert conversation(HISTORY, Settings(home=tmp_path)) == (Turn("How much?", "30 days."), Turn("When?", ""))
    assert conversation([], Settings(home=tmp_path)) == ()


def test_with_rewriting_off_there_is_no_conversation(tmp_path: Path) -> None:
    assert conversation(HISTORY, Settings(home=tmp_path).with_values(llm={"rewrite": False})) == ()
