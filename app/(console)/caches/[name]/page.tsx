import type { Metadata } from "next";
import { type Loader, WithData } from "../../../_lib/with-data.tsx";
import { CacheDetail } from "./cache-detail.tsx";
import { recentEventsInput } from "./recent-events-input.ts";

interface CacheAddress {
	params: Promise<{ name: string }>;
}

export async function generateMetadata({ params }: CacheAddress): Promise<Metadata> {
	const { name } = await params;
	return { title: decodeURIComponent(name) };
}

export default async function CachePage({ params }: CacheAddress) {
	const name = decodeURIComponent((await params).name).toLowerCase();
	return (
		<WithData load={(loader) => loadCache(loader, name)}>
			<CacheDetail />
		</WithData>
	);
}

async function loadCache({ trpc, load, read }: Loader, name: string) {
	const [cache] = await Promise.all([
		read(trpc.caches.get.queryOptions({ name })),
		load(trpc.events.list.queryOptions(recentEventsInput(name))),
		load(trpc.rateCard.get.queryOptions({})),
	]);
	const group = cache.parameterGroup.name;
	if (group !== null) await load(trpc.parameterGroups.get.queryOptions({ name: group }));
}
