"""Writes the data set and the query calls of a conformance corpus as JSON lines.

    dump.py FOLDER

FOLDER holds the corpus: dataset.py, corpus.py, diff.py, visible.jsonl, golden/. Each line written is
a row as the store would hold it (with service_name and detected_level, which a server finds at
ingest), or a call to query or query_range with its answer.
"""
import gzip
import json
import pathlib
import re
import sys

folder = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(folder))
import corpus  # noqa: E402
import dataset  # noqa: E402
import diff  # noqa: E402

SERVICE = ["service", "app", "application", "app_name", "name", "app_kubernetes_io_name", "container",
           "container_name", "k8s_container_name", "component", "workload", "job", "k8s_job_name"]
LEVEL = ["level", "LEVEL", "Level", "log.level", "severity", "SEVERITY", "Severity", "SeverityText", "lvl", "LVL",
         "Lvl", "severity_text", "Severity_Text", "SEVERITY_TEXT"]
KNOWN = {"trace": "trace", "trc": "trace", "debug": "debug", "dbg": "debug", "info": "info", "inf": "info",
         "information": "info", "warn": "warn", "wrn": "warn", "warning": "warn", "error": "error", "err": "error",
         "critical": "critical", "fatal": "fatal"}
WORD = re.compile(r"(?<![a-z0-9_])(trace|trc|debug|dbg|info|information|warn|wrn|warning|error|err|critical|fatal)(?![a-z0-9_])")


def json_level(text, depth):
    try:
        obj = json.loads(text)
    except ValueError:
        m = re.search(r'"(%s)"\s*:\s*"((?:[^"\\]|\\.)*)"' % "|".join(map(re.escape, LEVEL)), text)
        return m.group(2) if m else None

    def find(o, d):
        if not isinstance(o, dict):
            return None
        for name in LEVEL:
            if isinstance(o.get(name), str):
                return o[name]
        if d > 1:
            for v in o.values():
                x = find(v, d - 1)
                if x is not None:
                    return x
        return None
    return find(obj, depth)


def level(labels, metadata, text):
    for source in (labels, metadata):
        for name in LEVEL:
            if name in source:
                return KNOWN.get(source[name].lower(), source[name])
    if "severity_number" in metadata:
        n = int(metadata["severity_number"])
        return ["trace", "debug", "info", "warn", "error", "fatal"][min(max(n - 1, 0) // 4, 5)]
    found = None
    if text.lstrip().startswith("{"):
        found = json_level(text, 2)
    else:
        for name in LEVEL:
            m = re.search(r'(?:^|\s)%s=("?)([^"\s]*)\1' % re.escape(name), text)
            if m:
                found = m.group(2)
                break
    if found is not None and found.lower() in KNOWN:
        return KNOWN[found.lower()]
    m = WORD.search(text.lower())
    return KNOWN[m.group(1)] if m else "unknown"


def rows():
    data = dataset.build(dataset.FIXED_BASE)
    for tenant, _, streams in dataset.push_plan(data):
        for labels, entries in streams:
            labels = {k: v for k, v in labels.items() if v}
            if "service_name" not in labels:
                labels["service_name"] = next((labels[n] for n in SERVICE if labels.get(n)), "unknown_service")
            for ts, line, metadata in entries:
                metadata = {re.sub(r"[^a-zA-Z0-9_]", "_", k): v for k, v in (metadata or {}).items()}
                metadata.setdefault("detected_level", level(labels, metadata, line))
                yield {"row": {"tenant": tenant, "labels": labels, "ts": ts, "line": line, "metadata": metadata}}


def calls():
    packed = json.loads(gzip.decompress((folder / "golden/visible.json.gz").read_bytes()).decode("utf-8", "replace"))
    answers = {k: diff.unintern(v, packed["strings"]) for k, v in packed["answers"].items()}
    for text in open(folder / "visible.jsonl", encoding="utf-8"):
        case = json.loads(text)
        end = case["path"].rsplit("/", 1)[-1]
        if end not in ("query", "query_range") or case["method"] != "GET" or case["id"] not in answers:
            continue
        params = {}
        for k, v in corpus.resolve(case, dataset.FIXED_BASE)["params"]:
            params.setdefault(k, v)
        flags = (case.get("headers") or {}).get("X-Loki-Response-Encoding-Flags", "")
        yield {"call": {"id": case["id"], "cat": case["cat"], "path": end, "tenant": case.get("tenant") or "",
                        "params": params, "categorize": "categorize-labels" in flags,
                        "mode": case.get("compare", {}).get("mode", "auto"), "answer": answers[case["id"]]}}


for item in [*rows(), *calls()]:
    print(json.dumps(item, ensure_ascii=True))
