import type { Metadata } from "next";
import { type PageAddress, paramsOf } from "../../_lib/search-params.ts";
import { WithData } from "../../_lib/with-data.tsx";
import { PAGE_HEADS } from "../../_ui/shell/page-heads.ts";
import { LabPage } from "./lab-page.tsx";
import { labListInput } from "./lab-words.ts";

export const metadata: Metadata = { title: PAGE_HEADS["/lab"].title };

export default async function Page(address: PageAddress) {
	const params = await paramsOf(address);
	return (
		<WithData load={({ trpc, load }) => load(trpc.labRuns.list.queryOptions(labListInput(params)))}>
			<LabPage />
		</WithData>
	);
}
