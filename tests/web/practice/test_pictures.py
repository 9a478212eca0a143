"""Which faces are shown: chosen pictures, kept moments, their order. In a real browser."""

import pytest
from tests.web.practice.steps import (
    BRIGHT,
    COUNT_BITMAPS,
    DARK,
    FACELESS,
    IN_ORDER,
    LABELS,
    QUESTION,
    SETTLE,
    answer,
    answer_all,
    fake_reading,
    wait_for,
)

from mien.errors import MienError

pytestmark = pytest.mark.timeout(120)


def test_folders_say_how_their_faces_look(open_page, picture, tmp_path, expect):
    for name in ("set/happy/a.jpg", "set/happy/b.jpg", "set/Sadness/c.jpg", "set/holiday/d.jpg"):
        picture(BRIGHT, name)
    page = open_page(script=IN_ORDER)
    page.on("filechooser", lambda _: None)  # the browser knows early that they are caught
    page.get_by_role("button", name="Practice").click()
    page.get_by_role("button", name="Other faces").click()
    with page.expect_file_chooser() as waiting:
        page.get_by_role("button", name="Choose a folder").click()
    waiting.value.set_files(tmp_path / "set")
    lines = []
    for index in range(4):
        if index:
            page.get_by_role("button", name="Next").click()
        expect(page.locator("#practice-round")).to_have_attribute("data-stage", "question")
        expect(page.locator("#practice-lies")).to_be_hidden()
        answer(page, "Sad")
        lines.append(page.locator("#practice-lies").text_content())
    assert sorted(lines) == [
        "",
        "The folder of this picture is called “Sadness”.",
        *["The folder of this picture is called “happy”."] * 2,
    ]
    page.get_by_role("button", name="Finish").click()
    expect(page.locator("#practice-folders")).to_have_text(
        "The folders named the look of 3 of them. You said the same as the folder in 1, mien in 2."
    )


def test_what_shows_no_face_is_left_out_and_counted(practise, picture, tmp_path, expect):
    text, broken = tmp_path / "notes.txt", tmp_path / "broken.jpg"
    text.write_text("no picture")
    broken.write_bytes(b"\xff\xd8\xff no picture either")
    faceless = [picture(FACELESS, f"{name}.jpg") for name in "xyz"]
    page = practise([*faceless, text, broken, picture(BRIGHT)])
    left_out = page.locator("#practice-left-out")
    expect(left_out).to_have_text(
        "3 pictures were left out: no face was found in them."
        " 2 files were left out: they could not be read as pictures."
    )
    answer(page, "Happy")
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#practice-looked")).to_have_text("You looked at 1 face.")
    expect(page.locator("#practice-all")).to_have_text("You have seen all the faces.")
    expect(left_out).to_contain_text("3 pictures")


@pytest.mark.parametrize("count", [0, 1, 2])
def test_pictures_without_a_face_lead_back_with_a_word(open_page, picture, tmp_path, expect, count):
    (tmp_path / "empty").mkdir()
    page = open_page()
    page.get_by_role("button", name="Practice").click()
    if count:
        files = [picture(FACELESS, f"{index}.jpg") for index in range(count)]
        page.set_input_files("#practice-files", files)
    else:
        page.locator("#practice-folder-files").dispatch_event("change")  # of an empty folder
    expect(page.locator("#practice-none")).to_have_text("No face was found to practise with.")
    expect(page.get_by_role("heading", name="Practise reading faces")).to_be_focused()
    said = ["", "1 picture was left out: no face was found in it.", "2 pictures were left out"]
    expect(page.locator("#practice-left-out")).to_contain_text(said[count])
    page.set_input_files("#practice-files", picture(BRIGHT))
    expect(page.locator("#practice-round")).to_have_attribute("data-stage", "question")
    expect(page.locator("#practice-left-out")).to_be_hidden()


def test_a_picture_at_which_the_server_fails_is_left_out(practise_with, picture, expect):
    def analyze(frame):
        if frame.image.mean() < 128:
            raise MienError("it is too dark for me")
        return fake_reading(frame, "happy")

    page = practise_with([picture(DARK, "a.jpg"), picture(BRIGHT, "b.jpg")], analyze=analyze)
    expect(page.get_by_role("alert")).to_have_text("it is too dark for me")
    expect(page.locator("#practice-left-out")).to_have_text(
        "1 file was left out: it could not be read as a picture."
    )


@pytest.mark.parametrize("button", ["Start camera", "Show the sample"])
def test_moments_of_the_live_view_are_kept_for_practice(open_page, analyzers, expect, button):
    page = open_page()
    page.get_by_role("button", name=button).click()
    expect(page.locator("#faces li")).to_have_count(1)
    sign = page.locator("#live .kept p")
    expect(sign).to_be_hidden()
    keep = page.get_by_role("button", name="Keep this moment")
    keep.click()
    expect(sign).to_have_text("1 moment is kept for practice, until this page is closed.")
    expect(page.locator("#practice-spoken")).to_contain_text("1 moment is kept")
    keep.click()
    expect(sign).to_have_text("2 moments are kept for practice, until this page is closed.")
    page.get_by_role("button", name="Practise with them").click()
    expect(page.locator("#live")).to_be_hidden()
    expect(page.locator("#practice-round")).to_have_attribute("data-stage", "question")
    page.get_by_role("button", name="Finish").click()
    page.evaluate(SETTLE)
    read = sum(len(one.frames) for one in analyzers)
    page.get_by_role("button", name="Moments you kept (2)").click()
    expect(page.locator("#practice-round")).to_have_attribute("data-stage", "question")
    answer_all(page, expect, ["Happy", "Sad"])
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#practice-looked")).to_have_text("You looked at 2 faces.")
    frames = [frame for one in analyzers for frame in one.frames]
    assert len(frames) == read + 2  # no stream runs
    assert all(frame.size[0] in (320, 640) for frame in frames)
    page.get_by_role("button", name="Practise again").click()
    expect(page.locator("#practice-number")).to_have_text("Face 1")
    expect(page.locator("#practice-round")).to_have_attribute("data-stage", "question")


def test_moments_can_be_forgotten(open_page, expect):
    page = open_page()
    page.get_by_role("button", name="Show the sample").click()
    expect(page.locator("#faces li")).to_have_count(1)
    keep = page.get_by_role("button", name="Keep this moment")
    keep.click()
    page.get_by_role("button", name="Delete them").click()
    expect(page.locator("#live .kept")).to_be_hidden()
    expect(page.locator("#practice-spoken")).to_have_text("No moment is kept.")
    expect(keep).to_be_focused()
    keep.click()
    page.get_by_role("button", name="Practise with them").click()
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_role("button", name="Moments you kept (1)")).to_be_visible()
    page.get_by_role("button", name="Delete them").click()
    expect(page.get_by_role("button", name="Moments you kept")).to_be_hidden()
    expect(page.get_by_role("button", name="Choose pictures")).to_be_focused()
    expect(page.locator("#practice-hint")).to_be_visible()


def test_the_oldest_of_forty_moments_goes_first(open_page, expect):
    page = open_page()
    found = page.evaluate(
        """
        async () => {
          const { Kept } = await import("/static/practice/kept.js");
          const kept = new Kept(document.createElement("p"));
          const canvas = document.createElement("canvas");
          [canvas.width, canvas.height] = [1280, 720];
          const context = canvas.getContext("2d");
          for (let i = 0; i < 42; i++) {
            context.fillStyle = `rgb(${i * 5} ${i * 5} ${i * 5})`;
            context.fillRect(0, 0, 1280, 720);
            await kept.keep(canvas);
          }
          const [first, last] = await Promise.all(
            [0, -1].map((place) => createImageBitmap(kept.blobs.at(place))),
          );
          const gray = (bitmap) => {
            context.drawImage(bitmap, 0, 0);
            return context.getImageData(5, 5, 1, 1).data[0];
          };
          const types = new Set(kept.blobs.map((blob) => blob.type));
          return [kept.blobs.length, gray(first), gray(last), first.width, first.height, ...types];
        }
        """
    )
    assert found[0] == 40
    assert found[1:3] == pytest.approx([10, 205], abs=2)
    assert found[3:] == [640, 360, "image/jpeg"]
    expect(page.locator(".kept p").first).to_have_text(
        "40 moments are kept for practice, until this page is closed."
        " Each new moment replaces the oldest one."
    )


def test_what_a_pause_hides_is_not_kept(open_page, expect):
    page = open_page()
    page.get_by_role("button", name="Show the sample").click()
    expect(page.locator("#faces li")).to_have_count(1)
    keep = page.get_by_role("button", name="Keep this moment")
    page.get_by_role("button", name="Pause").click()
    expect(keep).to_be_disabled()
    page.get_by_role("button", name="Go on").click()
    expect(keep).to_be_enabled()


def test_reads_little_ahead_and_frees_it_all(practise, picture, analyzers, expect):
    files = [picture(BRIGHT, f"{index}.jpg") for index in range(40)]
    page = practise(files, script=COUNT_BITMAPS)
    wait_for(page, "alive", 3)  # the one that is seen, and two more
    page.evaluate(SETTLE)
    assert len(analyzers) == 3
    answer(page, "Happy")
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#practice-number")).to_have_text("Face 2")
    page.get_by_role("button", name="Finish").click()
    page.evaluate(SETTLE)
    assert page.evaluate("window.alive") == 3
    page.get_by_role("button", name="Back to the start").click()
    wait_for(page, "alive", 0)
    assert len(analyzers) == 4


def test_leaving_while_a_picture_is_read_frees_it(open_page, picture, expect):
    page = open_page(script=COUNT_BITMAPS)
    expect(page.locator("#connection")).to_have_text("Ready")
    page.get_by_role("button", name="Practice").click()
    page.set_input_files("#practice-files", [picture(BRIGHT, f"{i}.jpg") for i in range(9)])
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("#practice-round")).to_be_hidden()
    page.evaluate(SETTLE)
    wait_for(page, "alive", 0)


def test_pictures_of_any_size(practise, picture, analyzers):
    seen = {
        (4000, 3000): (1280, 960),
        (600, 2560): (300, 1280),
        (48, 48): (48, 48),
        (3000, 1): (1280, 1),
    }
    page = practise([picture(BRIGHT, f"{width}.jpg", (width, height)) for width, height in seen])
    for size in seen:
        page.locator(QUESTION).wait_for()
        face = page.locator("#practice-face")
        width, height = face.evaluate("one => [one.width, one.height]")
        assert width == height <= 640, size
        box = face.bounding_box()
        assert box["width"] == pytest.approx(box["height"], abs=1), size
        answer(page, "Happy")
        page.locator("#practice-next").click()
    assert [frame.size for one in analyzers for frame in one.frames] == list(seen.values())


def test_a_turned_photograph_is_upright(practise, tmp_path, analyzers):
    image = pytest.importorskip("PIL.Image")
    exif = image.Exif()
    exif[0x0112] = 6  # turned to the right by a quarter
    path = tmp_path / "turned.jpg"
    image.new("RGB", (320, 180), (BRIGHT,) * 3).save(path, exif=exif)
    practise([path])
    assert analyzers[0].frames[0].size == (180, 320)


def test_the_order_is_new_each_time_and_nothing_is_lost(bare_page):
    order, again = bare_page.evaluate(
        """
        async () => {
          const { Rounds } = await import("/static/practice/rounds.js");
          const all = async () => {
            const read = async (item) => ({ item, close() {} });
            const rounds = new Rounds([...Array(50).keys()], read, () => {});
            const found = [];
            rounds.next();
            rounds.cancel(); // whoever waited has gone
            await new Promise((resolve) => setTimeout(resolve, 50));
            while (true) {
              const face = await rounds.next();
              if (!face) return found;
              found.push(face.item);
            }
          };
          return [await all(), await all()];
        }
        """
    )
    assert order != again
    assert sorted(order) == sorted(again) == list(range(50))


def test_a_picture_that_was_on_its_way_is_sent_again_but_not_for_ever(bare_page):
    found = bare_page.evaluate(
        """
        async () => {
          const { Portraits } = await import("/static/practice/portraits.js");
          const canvas = document.createElement("canvas");
          const blob = await new Promise((resolve) => canvas.toBlob(resolve));
          const read = async (losses) => {
            let sent = 0;
            const connection = { open: true };
            const portraits = new Portraits(connection);
            connection.read = async () => {
              sent += 1;
              if (sent > losses) return { faces: [], size: [300, 150] };
              connection.open = false;
              setTimeout(() => {
                connection.open = true;
                portraits.goOn();
              }, 10);
              return null;
            };
            return [await portraits.read(blob), sent];
          };
          return [await read(1), await read(9)];
        }
        """
    )
    assert found == [["faceless", 2], ["unreadable", 3]]


def test_which_look_a_folder_means(bare_page):
    looks = {
        "happy": "happy",
        "Happiness": "happy",
        "ANGER": "angry",
        "fear": "afraid",
        "holiday": None,
        "constructor": None,
        "": None,
    }
    found = bare_page.evaluate(
        """
        async ([folders, labels]) => {
          const { lookOf } = await import("/static/practice/rounds.js");
          return folders.map((folder) => lookOf(folder, labels));
        }
        """,
        [list(looks), LABELS],
    )
    assert dict(zip(looks, found, strict=True)) == looks
