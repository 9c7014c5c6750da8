"use client";

import type { Failover } from "../../../../../server/contract/cache-view.ts";
import { unavailabilityWords } from "../../../../_lib/failover.ts";
import { asSentence } from "../../../../_lib/form-issues.ts";
import { Banner } from "../../../../_ui/notices.tsx";
import { Panel } from "../../../../_ui/panel.tsx";
import { Status } from "../../../../_ui/status.tsx";
import { Time } from "../../../../_ui/time.tsx";
import { nodesOf } from "../../topology-words.ts";
import type { ServerlessCache } from "./serverless-cache.ts";

/** Where copies of the data are, and the last time that one had to take over. */
export function ResiliencePanel({ cache }: { cache: ServerlessCache }) {
	const zones = [...new Set(nodesOf(cache).map(({ zone }) => zone))].sort();
	const isSpread = zones.length > 1;
	if (cache.protocol === null) return <WithoutCopies zones={zones} />;
	return (
		<Panel title="Availability">
			<dl className="flex flex-col gap-2.5">
				<div className="flex flex-wrap items-baseline justify-between gap-x-3 gap-y-1">
					<dt className="text-muted">Copies of its data in</dt>
					<dd>
						{zones.length === 0 ? (
							<span className="text-muted">–</span>
						) : (
							<Status
								status={isSpread ? "available" : "warning"}
								look="text"
								word={isSpread ? zones.join(", ") : `${zones.join()} alone`}
							/>
						)}
					</dd>
				</div>
				<div className="flex flex-wrap items-baseline justify-between gap-x-3 gap-y-1">
					<dt className="text-muted">Failover</dt>
					<dd>Automatic</dd>
				</div>
				<div className="flex flex-wrap items-baseline justify-between gap-x-3 gap-y-1">
					<dt className="text-muted">Last failover</dt>
					<dd>
						{cache.lastFailover === null ? (
							<span className="text-muted">None yet</span>
						) : (
							<Time value={cache.lastFailover.at} look="relative" />
						)}
					</dd>
				</div>
			</dl>
			{cache.lastFailover !== null && <Cause failover={cache.lastFailover} />}
			{!isSpread && zones.length > 0 && (
				<div className="mt-3">
					<Banner tone="warning" title="No replica in another zone">
						{cache.multiAzReason === null
							? `It doesn't survive the loss of zone ${zones.join()}. Add a host in another zone: Larder then keeps a replica there.`
							: asSentence(cache.multiAzReason)}
					</Banner>
				</div>
			)}
		</Panel>
	);
}

/** Memcached keeps no copies: what survives is the endpoint. */
function WithoutCopies({ zones }: { zones: readonly string[] }) {
	return (
		<Panel title="Availability">
			<p className="text-[0.8125rem] text-pretty text-muted">
				Its nodes are in {zones.join(", ") || "no zone yet"}. If one is lost, its keys are misses
				until it is back or replaced; the endpoint stays open.
			</p>
		</Panel>
	);
}

function Cause({ failover }: { failover: Failover }) {
	const measured = unavailabilityWords(failover);
	const cause = failover.cause === "requested" ? "A user requested it" : failover.cause;
	return (
		<p className="mt-1 text-[0.8125rem] text-pretty break-words text-muted">
			{asSentence(measured === null ? cause : `${cause}; ${measured}`)}
		</p>
	);
}
