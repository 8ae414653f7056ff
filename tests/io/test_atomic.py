import os
import threading

import pytest

from mixtura.io.atomic import replacing

LINUX = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux devices")


def test_an_error_leaves_the_old_file_alone(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), replacing(path) as temporary:
        temporary.write_text("new")
        raise ZeroDivisionError
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link(tmp_path):
    path, link = tmp_path / "a.txt", tmp_path / "link.txt"
    path.write_text("old")
    link.symlink_to(path)
    with replacing(link) as temporary:
        temporary.write_text("new")
    assert link.is_symlink() and path.read_text() == "new"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_written_to(tmp_path):
    path, read = tmp_path / "pipe", []
    os.mkfifo(path)
    reader = threading.Thread(target=lambda: read.append(path.read_text()))
    reader.start()
    with replacing(path) as file:
        file.write_text("through")
    reader.join()
    assert read == ["through"] and list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not os.path.isdir("/dev/fd"), reason="needs /dev/fd")
def test_a_descriptor_without_a_path_is_written_to():
    reading, writing = os.pipe()
    with replacing(f"/dev/fd/{writing}") as file:
        file.write_text("through")
    os.close(writing)
    with os.fdopen(reading) as pipe:
        assert pipe.read() == "through"


@pytest.mark.parametrize("step", ["create", "rename"])
def test_errors_name_the_file_that_was_asked_for(tmp_path, step):
    path = tmp_path / "folder" / "a.txt"
    if step == "rename":
        path.parent.mkdir()
    with pytest.raises(OSError) as caught, replacing(path):
        path.mkdir()  # to which no file can be renamed
    assert caught.value.filename == str(path) and caught.value.filename2 is None


@LINUX
@pytest.mark.parametrize("path", ["/dev/full", "/proc/a.txt"])
def test_a_full_device_is_named(path):
    with pytest.raises(OSError) as caught, replacing(path) as file:
        file.write_text("too much")
    assert caught.value.filename == path and caught.value.filename2 is None


def test_errors_about_another_file_name_the_other(tmp_path):
    other = tmp_path / "other.txt"
    with pytest.raises(FileNotFoundError) as caught, replacing(tmp_path / "a.txt"):
        other.read_text()
    assert caught.value.filename == str(other)
