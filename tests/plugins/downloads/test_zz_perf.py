import time, pytest
from tests.plugins.downloads.test_states import fill
from soundwave_core import transaction
from soundwave_downloads import item_store, store
from soundwave_downloads.store import Downloads, DownloadItems
@pytest.mark.parametrize(("lists", "length"), [(20, 500), (10_000, 1)])
def test_it(core, cast, lists, length):
    fill(core, cast, lists, length)
    def t(name, f, n=20):
        ts=[]
        for _ in range(n):
            with transaction(core.db) as tx:
                s=time.perf_counter(); f(tx); ts.append((time.perf_counter()-s)*1e3)
        print(name, "%.3f" % sorted(ts)[n//2])
    t("d ready", lambda tx: Downloads(tx).make_ready(core.clock.stamp()))
    t("i ready", lambda tx: DownloadItems(tx).make_ready(core.clock.stamp()))
    t("d claim", lambda tx: Downloads(tx).claim(core.clock.stamp(), "2030"))
    t("i claim", lambda tx: DownloadItems(tx).claim(core.clock.stamp(), "2030"))
    for sql in ("UPDATE download_items SET not_before = NULL WHERE state = 'queued' AND not_before <= :now",
      "UPDATE download_items SET state = 'queued', lease_until = NULL WHERE state = 'running' AND lease_until < :now", item_store._CLAIM, store._CLAIM,"UPDATE downloads SET not_before = NULL WHERE state = 'resolving' AND not_before <= :now",):
        print("\n".join(r["detail"] for r in core.db.rows("EXPLAIN QUERY PLAN "+sql, now="2026", lease="", served="[]"))); print()
