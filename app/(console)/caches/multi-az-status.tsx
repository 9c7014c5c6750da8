import type { Cache, CacheSummary } from "../../../server/contract/cache-view.ts";
import { Status } from "../../_ui/status.tsx";

/** Whether the cache survives the loss of a zone. Hovering shows why not, for pages that don't say it. */
export function MultiAzStatus({ cache }: { cache: Cache | CacheSummary }) {
	switch (cache.multiAzStatus) {
		case "disabled":
			return <span className="text-muted">Off</span>;
		case "enabled":
			return <Status status="available" look="text" word="On" />;
		case "degraded":
			return (
				<span title={cache.multiAzReason ?? undefined}>
					<Status status="degraded" look="text" />
				</span>
			);
	}
}
