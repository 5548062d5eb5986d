"""Masks by networks that Ultralytics runs: YOLO-seg, open-vocabulary detectors, and SAM 2."""
