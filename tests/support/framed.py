"""The frame in which Airflow shows a page of ours."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Frame, Page, expect


def settled(page: Page, title: str) -> None:
    """Wait until Airflow shows the frame, and for good.

    Airflow draws before it has loaded its language, with the names of words in place of words; when they
    come, it draws again, and the frame may be another.

    :param page: Airflow's page.
    :param title: of the frame: what the plugin calls its view.
    """
    page.locator(f"iframe[title={title}]").wait_for()
    expect(page.get_by_text("nav.home", exact=True)).to_have_count(0)


def frame_of(page: Page, title: str = "Governance") -> Frame:
    """The frame, once it has its heading.

    :param page: Airflow's page.
    :param title: as for :func:`settled`.
    """
    settled(page, title)
    shown = page.locator(f"iframe[title={title}]")
    shown.content_frame.locator("h1").wait_for(state="attached")
    frame = shown.element_handle().content_frame()
    assert frame
    return frame


def fit(page: Page, inner: Callable[[], list[int]], width: int, height: int) -> None:
    """Make the frame that big, whatever Airflow's own navigation takes.

    :param page: Airflow's page.
    :param inner: tells the frame's width and height, in CSS pixels, as the size that is wanted.
    """
    for _ in range(20):
        now, window = inner(), page.viewport_size
        assert window
        if now == [width, height]:
            return
        wanted = {"width": window["width"] - now[0] + width, "height": window["height"] - now[1] + height}
        page.set_viewport_size(wanted)  # type: ignore[arg-type]
        for _ in range(50):  # Airflow lays its page out again when it comes to it
            page.wait_for_timeout(20)
            if inner() != now:
                break
    assert inner() == [width, height]
