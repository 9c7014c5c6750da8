"use client";

import { Button } from "@heroui/react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Database, Plus, RefreshCw, SearchX } from "lucide-react";
import { cacheStatusSchema, engineSchema } from "../../../server/contract/enums.ts";
import { BUSY_POLL_MS, CALM_POLL_MS, isChanging, useRateCard } from "../../_lib/queries.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { useUrlParams } from "../../_lib/use-url-params.ts";
import { ButtonLink } from "../../_ui/button-link.tsx";
import { DataTable } from "../../_ui/data-table.tsx";
import { EmptyState, ProblemBanner, ProblemState } from "../../_ui/notices.tsx";
import { PageHeader } from "../../_ui/page-header.tsx";
import { Pager } from "../../_ui/pager.tsx";
import { Panel } from "../../_ui/panel.tsx";
import { TableSkeleton } from "../../_ui/skeletons.tsx";
import { cacheColumns } from "./cache-columns.tsx";
import { CacheFilters } from "./cache-filters.tsx";

const PAGE_SIZE = 25;

function useCachePage() {
	const trpc = useTRPC();
	const { params } = useUrlParams();
	const search = params.get("search")?.slice(0, 100);
	const status = cacheStatusSchema.safeParse(params.get("status")).data;
	const engine = engineSchema.safeParse(params.get("engine")).data;
	const cursor = params.get("cursor");
	return useQuery(
		trpc.caches.list.queryOptions(
			{
				limit: PAGE_SIZE,
				...(search ? { search } : {}),
				...(status ? { status } : {}),
				...(engine ? { engine } : {}),
				...(cursor ? { cursor } : {}),
			},
			{
				placeholderData: keepPreviousData,
				refetchInterval: ({ state }) =>
					state.data?.items.some((cache) => isChanging(cache.status)) ? BUSY_POLL_MS : CALM_POLL_MS,
			},
		),
	);
}

export function CacheList() {
	const { params, change } = useUrlParams();
	const page = useCachePage();
	const { data: rateCard } = useRateCard();
	const isFiltered = ["search", "status", "engine"].some((name) => params.has(name));
	const isEmpty = page.data?.items.length === 0 && !params.has("cursor");
	return (
		<>
			<PageHeader
				crumbs={[{ label: "Caches" }]}
				title={
					<>
						Caches{" "}
						{page.data !== undefined && (
							<span className="font-normal text-muted tabular-nums">
								{page.data.total.toLocaleString("en-US")}
							</span>
						)}
					</>
				}
				actions={
					<>
						<Button
							variant="outline"
							isIconOnly
							aria-label="Refresh"
							onPress={() => void page.refetch()}
						>
							<RefreshCw aria-hidden />
						</Button>
						<ButtonLink href="/caches/create">
							<Plus aria-hidden />
							Create cache
						</ButtonLink>
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
							<Button
								variant="outline"
								onPress={() => change({ search: null, status: null, engine: null, cursor: null })}
							>
								Clear filters
							</Button>
						}
					>
						Names and descriptions are searched. Try fewer letters, another engine or another
						status.
					</EmptyState>
				) : isEmpty ? (
					<FirstCache />
				) : (
					<>
						<DataTable
							label="Caches"
							columns={cacheColumns(rateCard?.currency)}
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
				<ButtonLink href="/caches/create">
					<Plus aria-hidden />
					Create cache
				</ButtonLink>
			}
		>
			Give it a name and a purpose: Larder starts Valkey, Redis OSS or Memcached on your hosts,
			spreads the nodes over zones, and hands you an endpoint and a password. It takes about a
			second.
		</EmptyState>
	);
}
