import type { Metadata } from "next";
import { type PageAddress, paramsOf } from "../../../_lib/search-params.ts";
import { type Loader, WithData } from "../../../_lib/with-data.tsx";
import { cacheSnapshotsInput } from "../../backups/snapshot-list-input.ts";
import { eventListInput } from "../../events/event-list-input.ts";
import { CacheDetail } from "./cache-detail.tsx";
import { recentEventsInput } from "./recent-events-input.ts";
import { scalingInput } from "./serverless/scaling-input.ts";

interface CacheAddress extends PageAddress {
	params: Promise<{ name: string }>;
}

export async function generateMetadata({ params }: CacheAddress): Promise<Metadata> {
	const { name } = await params;
	return { title: decodeURIComponent(name) };
}

export default async function CachePage(address: CacheAddress) {
	const name = decodeURIComponent((await address.params).name).toLowerCase();
	const params = await paramsOf(address);
	return (
		<WithData load={(loader) => loadCache(loader, name, params)}>
			<CacheDetail />
		</WithData>
	);
}

async function loadCache({ trpc, load, read }: Loader, name: string, params: URLSearchParams) {
	const events =
		params.get("tab") === "events" ? eventListInput(params, name) : recentEventsInput(name);
	const [cache] = await Promise.all([
		read(trpc.caches.get.queryOptions({ name })),
		load(trpc.events.list.queryOptions(events)),
		load(trpc.rateCard.get.queryOptions({})),
		load(trpc.costs.ofCache.queryOptions({ name })),
		load(trpc.migrations.find.queryOptions({ name })),
	]);
	if (params.get("tab") === "backups") {
		await load(trpc.snapshots.list.queryOptions(cacheSnapshotsInput(name)));
	}
	if (cache.kind === "serverless") {
		await load(trpc.caches.scaling.queryOptions(scalingInput(name)));
	} else {
		await load(trpc.parameterGroups.get.queryOptions({ name: cache.parameterGroup.name }));
	}
}
