"""What stands above a picture: which scenario, which run, after which step."""

from detachsim.render.pictures.moment import Moment
from detachsim.render.visible import visible


def heading(moment: Moment) -> str:
    """Return the title of a picture in one line, for formats that have a title."""
    return visible(" ".join(f"{moment.title}: {when(moment)}".split()))


def when(moment: Moment) -> str:
    """Say after which step of which run things stood as the picture shows."""
    if not moment.number:
        text = "no step ran"
    else:
        text = f"after step {moment.number}" + (", the last" if moment.last else "")
    if moment.raised:
        text += f", which raised {moment.raised}"
    if moment.choices:
        text = ", ".join(f"{name}={value}" for name, value in moment.choices) + f"; {text}"
    return text
