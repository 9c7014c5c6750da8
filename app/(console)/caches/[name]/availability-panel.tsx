"use client";

import type { ReactNode } from "react";
import type { Cache, Failover } from "../../../../server/contract/cache-view.ts";
import { failoverEnds } from "../../../../server/contract/failover-ends.ts";
import { unavailabilityWords } from "../../../_lib/failover.ts";
import { asSentence } from "../../../_lib/form-issues.ts";
import { Banner } from "../../../_ui/notices.tsx";
import { Panel } from "../../../_ui/panel.tsx";
import { Time } from "../../../_ui/time.tsx";
import { MultiAzStatus } from "../multi-az-status.tsx";
import { PERSISTENCE_WORDS, persistenceObstacle } from "../persistence-words.ts";
import { WriteGuardNote } from "../write-guard-note.tsx";

function Row({ label, children }: { label: string; children: ReactNode }) {
	return (
		<div className="flex flex-wrap items-baseline justify-between gap-x-3 gap-y-1">
			<dt className="text-muted">{label}</dt>
			<dd>{children}</dd>
		</div>
	);
}

/** Which failures the cache survives, and its last failover. */
export function AvailabilityPanel({ cache }: { cache: Cache }) {
	const hasReplicas = cache.engine !== "memcached" && cache.replicasPerShard > 0;
	return (
		<Panel title="Availability">
			<dl className="flex flex-col gap-2.5">
				<Row label="Multi-AZ">
					<MultiAzStatus cache={cache} />
				</Row>
				{cache.engine !== "memcached" && (
					<Row label="Automatic failover">{cache.automaticFailover ? "On" : "Off"}</Row>
				)}
				{persistenceObstacle(cache) === null && (
					<Row label="Persistence">
						<span title={PERSISTENCE_WORDS[cache.persistence].protects}>
							{PERSISTENCE_WORDS[cache.persistence].label}
						</span>
					</Row>
				)}
				{hasReplicas && cache.lastFailover === null && (
					<Row label="Last failover">
						<span className="text-muted">None yet</span>
					</Row>
				)}
			</dl>
			{cache.multiAzStatus === "degraded" && cache.multiAzReason !== null && (
				<div className="mt-3">
					<Banner tone="warning" title="Multi-AZ is degraded">
						{asSentence(cache.multiAzReason)}
					</Banner>
				</div>
			)}
			{cache.lastFailover !== null && <LastFailover cache={cache} failover={cache.lastFailover} />}
			{hasReplicas && (
				<div className="mt-3 border-t border-separator pt-3">
					<h3 className="mb-1 text-[0.8125rem] font-semibold">If a primary is cut off</h3>
					<WriteGuardNote
						group={cache.parameterGroup.name}
						replicasPerShard={cache.replicasPerShard}
					/>
				</div>
			)}
		</Panel>
	);
}

function LastFailover({ cache, failover }: { cache: Cache; failover: Failover }) {
	const { kind, by, cause, at, shard } = failover;
	const { from, to } = failoverEnds(failover);
	const measured = unavailabilityWords(failover);
	const number = cache.shards.findIndex(({ id }) => id === shard) + 1;
	return (
		<section
			aria-label="Last failover"
			aria-live="polite"
			className="mt-3 border-t border-separator pt-3 text-[0.8125rem]"
		>
			<div className="flex flex-wrap items-baseline justify-between gap-x-3">
				<h3 className="font-semibold">
					{kind === "planned" ? "Last failover (planned)" : "Last failover"}
					{cache.clusterMode === "enabled" && number > 0 && `, shard ${number}`}
				</h3>
				<span aria-live="off" className="text-muted">
					<Time value={at} look="relative" />
				</span>
			</div>
			<p className="mt-1 break-words">
				{from} <span aria-hidden>→</span>
				<span className="sr-only">to</span> <strong className="font-semibold">{to}</strong>
				{measured !== null && `; ${measured}`}
			</p>
			<p className="mt-0.5 text-pretty break-words text-muted">
				{causeWords(cause)}
				{by === "engines" && " The engines failed over on their own, without the control plane."}
			</p>
		</section>
	);
}

function causeWords(cause: string): string {
	return cause === "requested" ? "A user requested it." : `Cause: ${cause}.`;
}
