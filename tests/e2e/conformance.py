#!/usr/bin/env python3
"""The official MCP conformance suite against the product over HTTP: the frozen requirement sets of both revisions, whole.

No scenario is left out. What cannot pass is named in conformance-expected.yml with the reason; a failure or warning that is not
named there fails the run, and so does a name that matches none, in either set.
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys

from support import programs

HERE = pathlib.Path(__file__).resolve().parent
EXPECTED = HERE / "conformance-expected.yml"
REVISIONS = ["2025-11-25", "2026-07-28"]
SECONDS = 600


def expected_entries():
    """The entries of the file; each must carry its reason."""
    entries = set()
    for number, line in enumerate(EXPECTED.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip().startswith("- "):
            continue
        entry = re.fullmatch(r"\s+- ([\w-]+(?::[\w-]+)?)\s+# (\S.*)", line)
        if entry is None:
            raise SystemExit(f"{EXPECTED.name}:{number}: an entry is `- scenario` or `- scenario:check-id`, then `# the reason`")
        if entry[1] in entries:
            raise SystemExit(f"{EXPECTED.name}:{number}: {entry[1]} is there twice")
        entries.add(entry[1])
    return entries


def run(program, url, revision, results):
    """One set; gives its exit code and every check as (scenario, check, status)."""
    shutil.rmtree(results, ignore_errors=True)
    results.mkdir(parents=True)
    log = programs.log_directory() / f"conformance-{revision}.log"
    with log.open("w") as out:
        command = [program, "server", "--url", url, "--requirements", revision, "--expected-failures", str(EXPECTED), "-o", str(results)]
        code = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, timeout=SECONDS, check=False).returncode
    checks = []
    for file in sorted(results.glob("*/checks.json")):
        scenario = re.fullmatch(r"server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z", file.parent.name)[1]
        checks += [(scenario, check["id"], check["status"]) for check in json.loads(file.read_text(encoding="utf-8"))]
    return code, checks, log


def main():
    """Runs both sets and gives the exit code."""
    program = shutil.which("conformance")
    if program is None:
        raise SystemExit("conformance is not on PATH; .ci/run installs it (tests/e2e/package.json)")
    entries, used, failed = expected_entries(), set(), False
    with programs.sandbox() as panel, programs.http_gateway(panel, "conformance-gateway") as url:
        for revision in REVISIONS:
            panel.reset()
            code, checks, log = run(program, url, revision, programs.ROOT / "target" / "e2e" / f"conformance-{revision}")
            bad = [(scenario, check) for scenario, check, status in checks if status in ("FAILURE", "WARNING")]
            used |= {name for scenario, check in bad for name in (scenario, f"{scenario}:{check}")}
            scenarios = {scenario for scenario, _, _ in checks}
            good = scenarios - {scenario for scenario, _ in bad}
            passed = sum(status == "SUCCESS" for _, _, status in checks)
            print(f"conformance {revision}: {len(scenarios)} scenarios, {len(good)} without a complaint; {passed} checks passed, {len(bad)} did not", flush=True)
            if code != 0 or not passed:
                failed = True
                print(log.read_text(encoding="utf-8")[-6000:])
    for entry in sorted(entries - used):
        failed = True
        print(f"{EXPECTED.name}: {entry} fails in neither set; remove it")
    print(f"conformance: {'FAILED' if failed else 'as expected'}; {len(entries)} expected entries")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
