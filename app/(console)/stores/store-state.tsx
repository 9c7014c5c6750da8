import type { Store } from "../../../server/contract/store.ts";
import { Status } from "../../_ui/status.tsx";
import { Time } from "../../_ui/time.tsx";

/** Whether a store worked when it was last tried, when that was, and why not. */
export function StoreState({ lastCheck }: Pick<Store, "lastCheck">) {
	if (lastCheck === null) return <Status status="unknown" word="Not tried yet" />;
	const { ok, at, message } = lastCheck;
	return (
		<span className="cell-stack inline-flex max-w-80 min-w-0 flex-col items-start gap-0.5">
			<span className="inline-flex flex-wrap items-center gap-x-2">
				<Status
					status={ok ? "available" : "unavailable"}
					word={ok ? "Reachable" : "Doesn't work"}
				/>
				<span className="text-xs whitespace-nowrap text-muted">
					<Time value={at} look="relative" />
				</span>
			</span>
			{message !== null && <span className="text-xs text-pretty wrap-anywhere">{message}</span>}
		</span>
	);
}
