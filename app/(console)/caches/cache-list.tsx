"use client";

import { Button } from "@heroui/react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Database, Plus, SearchX } from "lucide-react";
import { BUSY_POLL_MS, CALM_POLL_MS, isChanging, useRateCard } from "../../_lib/queries.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { useUrlParams } from "../../_lib/use-url-params.ts";
import { ButtonLink } from "../../_ui/button-link.tsx";
import { CountedTitle } from "../../_ui/counted-title.tsx";
import { ForAdministrators } from "../../_ui/for-administrators.tsx";
import { EmptyState, ProblemBanner, ProblemState } from "../../_ui/notices.tsx";
import { PageHeader } from "../../_ui/page-header.tsx";
import { Pager } from "../../_ui/pager.tsx";
import { Panel } from "../../_ui/panel.tsx";
import { RefreshButton } from "../../_ui/refresh-button.tsx";
import { PAGE_HEADS } from "../../_ui/shell/page-heads.ts";
import { TableSkeleton } from "../../_ui/skeletons.tsx";
import { DataTable } from "../../_ui/table/data-table.tsx";
import { useColumns } from "../../_ui/table/use-columns.tsx";
import { cacheColumns } from "./cache-columns.tsx";
import { CacheFilters } from "./cache-filters.tsx";
import { cacheListInput } from "./cache-list-input.ts";

const HEAD = PAGE_HEADS["/caches"];
const FILTERS = ["search", "kind", "engine", "status"] as const;
const NO_FILTERS = Object.fromEntries([...FILTERS, "cursor"].map((name) => [name, null]));
/** What the server can sort a list of several pages by. */
const SERVER_SORTED = ["name", "status", "engine", "created"];

function useCachePage() {
	const trpc = useTRPC();
	const { params } = useUrlParams();
	return useQuery(
		trpc.caches.list.queryOptions(cacheListInput(params), {
			placeholderData: keepPreviousData,
			refetchInterval: ({ state }) =>
				state.data?.items.some((cache) => isChanging(cache.status)) ? BUSY_POLL_MS : CALM_POLL_MS,
		}),
	);
}

export function CacheList() {
	const { params, change } = useUrlParams();
	const page = useCachePage();
	const { data: rateCard } = useRateCard();
	const columns = useColumns("caches", cacheColumns(rateCard?.currency));
	const isWhole = page.data?.nextCursor === null && !params.has("cursor");
	const isFiltered = FILTERS.some((name) => params.has(name));
	const createHref =
		params.get("kind") === "serverless" ? "/caches/create?kind=serverless" : "/caches/create";
	const isEmpty = page.data?.items.length === 0 && !params.has("cursor");
	return (
		<>
			<PageHeader
				crumbs={[{ label: HEAD.title }]}
				title={<CountedTitle title={HEAD.title} count={page.data?.total} />}
				actions={
					<>
						<RefreshButton onPress={page.refetch} />
						{columns.chooser}
						<ForAdministrators>
							<ButtonLink href={createHref}>
								<Plus aria-hidden />
								Create cache
							</ButtonLink>
						</ForAdministrators>
					</>
				}
			/>
			{(isFiltered || !isEmpty) && <CacheFilters />}
			{page.isError && page.data !== undefined && (
				<div className="mb-3">
					<ProblemBanner title="The list isn't up to date" error={page.error} />
				</div>
			)}
			<Panel flush>
				{page.isPending ? (
					<TableSkeleton label="Loading caches" />
				) : page.data === undefined ? (
					<ProblemState
						title="Caches couldn't be loaded"
						error={page.error}
						onRetry={() => void page.refetch()}
					/>
				) : isEmpty && isFiltered ? (
					<EmptyState
						icon={SearchX}
						title="No cache matches"
						action={
							<Button variant="outline" onPress={() => change(NO_FILTERS)}>
								Clear filters
							</Button>
						}
					>
						The search looks at names and descriptions. Try fewer letters, or another kind, engine
						or status.
					</EmptyState>
				) : isEmpty ? (
					<FirstCache />
				) : (
					<>
						<DataTable
							label="Caches"
							columns={columns.shown}
							sorting={isWhole ? { by: "rows" } : { by: "server", columns: SERVER_SORTED }}
							rows={page.data.items}
							rowKey={(cache) => cache.name}
						/>
						<Pager
							nextCursor={page.data.nextCursor}
							shown={page.data.items.length}
							total={page.data.total}
							noun={page.data.total === 1 ? "cache" : "caches"}
						/>
					</>
				)}
			</Panel>
		</>
	);
}

function FirstCache() {
	return (
		<EmptyState
			icon={Database}
			title="Create your first cache"
			action={
				<ForAdministrators>
					<ButtonLink href="/caches/create">
						<Plus aria-hidden />
						Create cache
					</ButtonLink>
				</ForAdministrators>
			}
		>
			Give it a name and a purpose: Larder starts Valkey, Redis OSS or Memcached on your hosts,
			spreads the nodes over zones, and hands you an endpoint and a password. It takes about a
			second.
		</EmptyState>
	);
}
