"""The record of a training: what holds after it was cut off, and which checkpoint is the best."""

from pathlib import Path

from dynacollect.training.finetune.record import Record, losses, policy_in


def test_what_came_after_the_checkpoint_is_left_out(tmp_path: Path) -> None:
    """Killed at step 3 with a checkpoint of step 2: the third step is done again."""
    record = Record(tmp_path)
    record.add("start", step=0)
    for step in (1, 2, 3):
        record.add("train", step=step, loss=1.0 / step)
    record.add("begun")
    with (tmp_path / "progress.jsonl").open("a") as file:
        file.write('{"event": "train", "st')
    assert [row.get("step") for row in record.rows()] == [0, 1, 2, 3, None]
    with (tmp_path / "progress.jsonl").open("a") as file:
        file.write('ep": 9, "loss": 0.1}\n')
    record.add("start", step=2)
    record.add("train", step=3, loss=0.25)
    assert [(row["event"], row["step"]) for row in record.rows()] == [
        ("start", 0), ("train", 1), ("train", 2), ("start", 2), ("train", 3),
    ]  # fmt: skip
    assert losses(record.rows()) == {"first": 1.0, "last": 0.25}


def test_the_best_is_among_what_was_saved(tmp_path: Path) -> None:
    record, folder = Record(tmp_path), tmp_path / "checkpoints"
    assert record.best() is None and record.last is None and record.step == 0
    for step, loss in ((1, 0.1), (2, 0.5), (4, 0.3), (6, 0.4)):
        record.add("validation", step=step, loss=loss)
    for name in ("000002", "000004", "000006", "000005"):
        (folder / name).mkdir(parents=True)
    (folder / "last").symlink_to("000006")
    for _ in range(2):
        record.mark_best()
        assert (folder / "best").resolve() == folder / "000004"
    assert (record.step, record.best()) == (6, (folder / "000004", 0.3))


def test_the_averaged_policy_is_the_one_to_run(tmp_path: Path) -> None:
    assert policy_in(tmp_path) == tmp_path / "pretrained_model"
    (tmp_path / "policy").mkdir()
    assert policy_in(tmp_path) == tmp_path / "policy"
