"use client";

import { useQuery } from "@tanstack/react-query";
import { DatabaseZap, Trash2 } from "lucide-react";
import dynamic from "next/dynamic";
import { useParams } from "next/navigation";
import type { ReactNode } from "react";
import type { Cache } from "../../../../server/contract/cache-view.ts";
import { isMissing } from "../../../_lib/api-problem.ts";
import { isFreshlyChanged } from "../../../_lib/fresh-changes.ts";
import { BUSY_POLL_MS, CALM_POLL_MS, isChanging } from "../../../_lib/queries.ts";
import { useTRPC } from "../../../_lib/trpc.ts";
import { useUrlParams } from "../../../_lib/use-url-params.ts";
import { ButtonLink } from "../../../_ui/button-link.tsx";
import { DetailFrame, MissingPage } from "../../../_ui/detail-frame.tsx";
import { UrlTabs } from "../../../_ui/url-tabs.tsx";
import { CacheHeader } from "./cache-header.tsx";
import { MigrationNotice } from "./migration/migration-notice.tsx";
import { OverviewTab } from "./overview-tab.tsx";
import { PendingChanges } from "./pending-changes.tsx";
import { isServerless } from "./serverless/serverless-cache.ts";
import { StatusNotice } from "./status-notice.tsx";

const WATCH_POLL_MS = 1_000;

// Each tab's code loads when the tab is first opened: most visits see only one. The previous tab stays until it has
// loaded. A placeholder would need a Suspense boundary, and React sends a boundary's content after the page.
const BackupsTab = dynamic(async () => (await import("./backups/backups-tab.tsx")).BackupsTab);
const ConfigurationTab = dynamic(
	async () => (await import("./configuration-tab.tsx")).ConfigurationTab,
);
const ConnectTab = dynamic(async () => (await import("./connect-tab.tsx")).ConnectTab);
const EventsTab = dynamic(async () => (await import("./events-tab.tsx")).EventsTab);
const MetricsTab = dynamic(async () => (await import("./metrics-tab.tsx")).MetricsTab);
const NodesTab = dynamic(async () => (await import("./nodes-tab.tsx")).NodesTab);
const OperatorTab = dynamic(
	async () => (await import("./serverless/operator-tab.tsx")).OperatorTab,
);
const ServerlessOverview = dynamic(
	async () => (await import("./serverless/serverless-overview.tsx")).ServerlessOverview,
);
const ParametersTab = dynamic(async () => (await import("./parameters-tab.tsx")).ParametersTab);

function pollFor(cache: Cache | undefined, error: unknown): number {
	// Once a cache is deleted, the last answer still says that it is being deleted.
	if (cache === undefined || isMissing(error)) return CALM_POLL_MS;
	if (isChanging(cache.status) || isFreshlyChanged(cache.name)) return BUSY_POLL_MS;
	const isSettled =
		cache.status === "available" &&
		cache.shards.every(({ nodes }) => nodes.every(({ status }) => status === "available"));
	return isSettled ? CALM_POLL_MS : WATCH_POLL_MS;
}

export function CacheDetail() {
	const trpc = useTRPC();
	const params = useParams<{ name: string }>();
	const name = decodeURIComponent(params.name).toLowerCase();
	const query = useQuery(
		trpc.caches.get.queryOptions(
			{ name },
			{ refetchInterval: ({ state }) => pollFor(state.data, state.error) },
		),
	);
	return (
		<DetailFrame
			name={name}
			query={query}
			missing={(wasHere) => <MissingCache name={name} wasDeleted={wasHere} />}
		>
			{(cache) => <LoadedCache cache={cache} updatedAtMs={query.dataUpdatedAt} />}
		</DetailFrame>
	);
}

function LoadedCache({ cache, updatedAtMs }: { cache: Cache; updatedAtMs: number }) {
	const { change } = useUrlParams();
	const tab = (id: string, label: string, content: ReactNode) => ({ id, label, content });
	const metrics = tab("metrics", "Metrics", <MetricsTab cache={cache} />);
	const events = tab("events", "Events", <EventsTab cache={cache} />);
	const connect = tab("connect", "Connect", <ConnectTab cache={cache} />);
	const configuration = tab("configuration", "Configuration", <ConfigurationTab cache={cache} />);
	const backups = tab("backups", "Backups", <BackupsTab cache={cache} />);
	const tabs = isServerless(cache)
		? [
				tab("overview", "Overview", <ServerlessOverview cache={cache} updatedAtMs={updatedAtMs} />),
				...[metrics, backups, events, connect, configuration],
				tab("nodes", "For operators", <OperatorTab cache={cache} updatedAtMs={updatedAtMs} />),
			]
		: [
				tab("overview", "Overview", <OverviewTab cache={cache} updatedAtMs={updatedAtMs} />),
				tab("nodes", "Nodes", <NodesTab cache={cache} />),
				metrics,
				tab("parameters", "Parameters", <ParametersTab cache={cache} />),
				...[backups, events, connect, configuration],
			];
	return (
		<>
			<CacheHeader cache={cache} onConnect={() => change({ tab: "connect" }, "push")} />
			<StatusNotice cache={cache} />
			<MigrationNotice cache={cache} />
			<PendingChanges cache={cache} />
			<UrlTabs label={`About ${cache.name}`} tabs={tabs} />
		</>
	);
}

function MissingCache({ name, wasDeleted }: { name: string; wasDeleted: boolean }) {
	return (
		<MissingPage
			path={`/caches/${encodeURIComponent(name)}`}
			icon={wasDeleted ? Trash2 : DatabaseZap}
			title={wasDeleted ? `${name} was deleted` : `There is no cache named ${name}`}
			action={
				<>
					<ButtonLink href="/caches">Go to all caches</ButtonLink>
					<ButtonLink href={`/events?cache=${encodeURIComponent(name)}`} variant="outline">
						View its events
					</ButtonLink>
				</>
			}
		>
			{wasDeleted
				? "Larder stopped its processes and removed its files. Its memory is free again."
				: "It may have been deleted, or the name may be misspelled."}
		</MissingPage>
	);
}
