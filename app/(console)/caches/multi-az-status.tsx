import type { Cache, CacheSummary } from "../../../server/contract/cache.ts";
import { Status } from "../../_ui/status.tsx";

/** Whether a zone may be lost; why not is on hover, for pages that don't spell it out. */
export function MultiAzStatus({ cache }: { cache: Cache | CacheSummary }) {
	switch (cache.multiAzStatus) {
		case "disabled":
			return <span className="text-muted">Off</span>;
		case "enabled":
			return <Status status="available" look="text" word="Enabled" />;
		case "degraded":
			return (
				<span title={cache.multiAzReason ?? undefined}>
					<Status status="degraded" look="text" />
				</span>
			);
	}
}
