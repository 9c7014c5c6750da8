import type { Metadata } from "next";
import { type PageAddress, pageInput, paramsOf } from "../../_lib/search-params.ts";
import { WithData } from "../../_lib/with-data.tsx";
import { PAGE_HEADS } from "../../_ui/shell/page-heads.ts";
import { HostList } from "./host-list.tsx";
import { JOIN_TOKENS_SHOWN } from "./join-tokens-shown.ts";

export const metadata: Metadata = { title: PAGE_HEADS["/hosts"].title };

export default async function HostsPage(address: PageAddress) {
	const params = await paramsOf(address);
	return (
		<WithData
			load={({ trpc, load }) =>
				Promise.all([
					load(trpc.hosts.list.queryOptions(pageInput(params))),
					load(trpc.hosts.listJoinTokens.queryOptions({ limit: JOIN_TOKENS_SHOWN })),
				])
			}
		>
			<HostList />
		</WithData>
	);
}
