import type { Metadata } from "next";
import { type PageAddress, pageInput, paramsOf } from "../../_lib/search-params.ts";
import { WithData } from "../../_lib/with-data.tsx";
import { PAGE_HEADS } from "../../_ui/shell/page-heads.ts";
import { TokenList } from "./token-list.tsx";

export const metadata: Metadata = { title: PAGE_HEADS["/tokens"].title };

export default async function TokensPage(address: PageAddress) {
	const params = await paramsOf(address);
	return (
		<WithData load={({ trpc, load }) => load(trpc.tokens.list.queryOptions(pageInput(params)))}>
			<TokenList />
		</WithData>
	);
}
