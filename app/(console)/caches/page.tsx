import type { Metadata } from "next";
import { type PageAddress, paramsOf } from "../../_lib/search-params.ts";
import { WithData } from "../../_lib/with-data.tsx";
import { PAGE_HEADS } from "../../_ui/shell/page-heads.ts";
import { CacheList } from "./cache-list.tsx";
import { cacheListInput } from "./cache-list-input.ts";

export const metadata: Metadata = { title: PAGE_HEADS["/caches"].title };

export default async function CachesPage(address: PageAddress) {
	const input = cacheListInput(await paramsOf(address));
	return (
		<WithData
			load={({ trpc, load }) =>
				Promise.all([
					load(trpc.caches.list.queryOptions(input)),
					load(trpc.rateCard.get.queryOptions({})),
				])
			}
		>
			<CacheList />
		</WithData>
	);
}
