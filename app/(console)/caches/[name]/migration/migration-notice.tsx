"use client";

import { Button } from "@heroui/react";
import { CircleCheck, CircleX } from "lucide-react";
import dynamic from "next/dynamic";
import { type ReactNode, useState } from "react";
import type { Cache } from "../../../../../server/contract/cache-view.ts";
import type { Migration } from "../../../../../server/contract/migration.ts";
import { formatBytes } from "../../../../_lib/format/bytes.ts";
import { exactCount, formatCount, plural } from "../../../../_lib/format/count.ts";
import { formatDuration } from "../../../../_lib/format/time.ts";
import { useNow } from "../../../../_lib/use-now.ts";
import { Fold } from "../../../../_ui/fold.tsx";
import { ForAdministrators } from "../../../../_ui/for-administrators.tsx";
import { Banner } from "../../../../_ui/notices.tsx";
import { Panel } from "../../../../_ui/panel.tsx";
import { UsageBar } from "../../../../_ui/usage-bar.tsx";
import { isUnderWay, useMigration } from "./use-migration.ts";

const CompleteDialog = dynamic(async () => (await import("./end-dialogs.tsx")).CompleteDialog);
const CancelDialog = dynamic(async () => (await import("./end-dialogs.tsx")).CancelDialog);

/** How long the result of a migration stays in sight. */
const RECENT_MS = 15 * 60_000;

const TITLES: Record<Migration["status"], string> = {
	checking: "Checking the source",
	copying: "Copying the source's data",
	replicating: "Following the source",
	completing: "Taking the source's place",
	canceling: "Emptying the cache",
	completed: "Moved in",
	canceled: "Migration canceled",
	failed: "Migration failed",
};

/** How far a migration into the cache is, and what can be done with it. */
export function MigrationNotice({ cache }: { cache: Cache }) {
	const { data: migration } = useMigration(cache);
	const nowMs = useNow();
	if (migration == null) return null;
	if (isUnderWay(migration)) {
		return (
			<div className="mb-4">
				<Progress migration={migration} />
			</div>
		);
	}
	const endedMs = Date.parse(migration.endedAt ?? "");
	if (nowMs === null || nowMs - endedMs > RECENT_MS) return null;
	return (
		<div className="mb-4">
			<Result migration={migration} />
		</div>
	);
}

function sourceOf({ source: { host, port, tls, tlsVerify } }: Migration): string {
	const security = tls ? (tlsVerify ? ", TLS" : ", TLS, certificate not verified") : "";
	return `${host}:${port}${security}`;
}

function Progress({ migration }: { migration: Migration }) {
	const { status, statusReason, checks, holdsWrites } = migration;
	return (
		<Panel
			title={TITLES[status]}
			aside={<span className="break-all">from {sourceOf(migration)}</span>}
		>
			<div className="flex flex-col gap-3">
				<Figures migration={migration} />
				{statusReason !== null && (
					<p
						aria-live="polite"
						className="rounded-lg bg-warning-soft px-3 py-2 text-[0.8125rem] text-foreground"
					>
						{statusReason}
					</p>
				)}
				{holdsWrites === false && (
					<p className="rounded-lg bg-warning-soft px-3 py-2 text-[0.8125rem] text-foreground">
						The source doesn't let Larder hold its writes. Stop its writers before you complete the
						migration.
					</p>
				)}
				{checks.length > 0 && (
					<Fold title="What was checked" summary={plural(checks.length, "finding")}>
						<ul className="flex list-disc flex-col gap-1 pl-5 text-[0.8125rem] break-words">
							{checks.map((check) => (
								<li key={check}>{check}</li>
							))}
						</ul>
					</Fold>
				)}
				<Actions migration={migration} />
			</div>
		</Panel>
	);
}

function Figures({ migration }: { migration: Migration }) {
	const { status, percent, bytes, keys, totalKeys, lagBytes, lagSeconds } = migration;
	const isCopying = status === "copying";
	return (
		<>
			{isCopying && (
				<UsageBar label="Progress of the copy" used={percent} total={100} size="thick" />
			)}
			<div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-[0.8125rem] tabular-nums">
				{isCopying && <span className="font-medium">{Math.floor(percent)}%</span>}
				{totalKeys !== null && (
					<span className="text-muted" title={`${exactCount(keys)} of ${exactCount(totalKeys)}`}>
						{formatCount(keys)} of {formatCount(totalKeys)} keys
					</span>
				)}
				{bytes > 0 && <span className="text-muted">{formatBytes(bytes)} received</span>}
				{lagBytes !== null && (
					<span>
						<span className="font-medium">Lag {formatBytes(lagBytes)}</span>
						<span className="text-muted">, {formatDuration((lagSeconds ?? 0) * 1_000)}</span>
					</span>
				)}
			</div>
		</>
	);
}

function Actions({ migration }: { migration: Migration }) {
	const [open, setOpen] = useState<"complete" | "cancel" | null>(null);
	const { status } = migration;
	const mayCancel = ["checking", "copying", "replicating"].includes(status);
	const close = () => setOpen(null);
	return (
		<ForAdministrators>
			<div className="flex flex-wrap justify-end gap-2">
				{mayCancel && (
					<Button variant="outline" size="sm" onPress={() => setOpen("cancel")}>
						Cancel migration
					</Button>
				)}
				{status === "replicating" && (
					<Button size="sm" onPress={() => setOpen("complete")}>
						Complete…
					</Button>
				)}
			</div>
			{open === "complete" && <CompleteDialog migration={migration} onClose={close} />}
			{open === "cancel" && <CancelDialog migration={migration} onClose={close} />}
		</ForAdministrators>
	);
}

function Result({ migration }: { migration: Migration }): ReactNode {
	const { status, statusReason, pauseMs, cache, source, holdsWrites } = migration;
	const title = `${TITLES[status]} from ${source.host}:${source.port}`;
	if (status === "failed") {
		return (
			<Banner tone="danger" icon={CircleX} title={title}>
				{statusReason}
			</Banner>
		);
	}
	if (status === "canceled") return <Banner tone="neutral" icon={CircleX} title={title} />;
	return (
		<Banner tone="accent" icon={CircleCheck} title={title}>
			<p>
				{cache} leads now.
				{pauseMs !== null && ` Writes paused for ${formatDuration(Math.max(1, pauseMs))}.`}{" "}
				{holdsWrites === false
					? "Point the source's clients to the cache before they write again."
					: "Point the source's clients to the cache: its writes stay held for five minutes."}
			</p>
		</Banner>
	);
}
