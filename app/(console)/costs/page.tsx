import type { Metadata } from "next";
import { type PageAddress, paramsOf } from "../../_lib/search-params.ts";
import { WithData } from "../../_lib/with-data.tsx";
import { PAGE_HEADS } from "../../_ui/shell/page-heads.ts";
import { CostsPage } from "./costs-page.tsx";
import { costsInputs } from "./period.ts";

export const metadata: Metadata = { title: PAGE_HEADS["/costs"].title };

export default async function Page(address: PageAddress) {
	const { groups, days } = costsInputs(await paramsOf(address), Date.now());
	return (
		<WithData
			load={({ trpc, load }) =>
				Promise.all([
					load(trpc.costs.get.queryOptions(groups)),
					load(trpc.costs.get.queryOptions(days)),
				])
			}
		>
			<CostsPage />
		</WithData>
	);
}
