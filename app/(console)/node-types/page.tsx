import type { Metadata } from "next";
import { WithData } from "../../_lib/with-data.tsx";
import { PAGE_HEADS } from "../../_ui/shell/page-heads.ts";
import { NodeTypeList } from "./node-type-list.tsx";

export const metadata: Metadata = { title: PAGE_HEADS["/node-types"].title };

export default function NodeTypesPage() {
	return (
		<WithData
			load={({ trpc, load }) =>
				Promise.all([
					load(trpc.nodeTypes.list.queryOptions({})),
					load(trpc.rateCard.get.queryOptions({})),
				])
			}
		>
			<NodeTypeList />
		</WithData>
	);
}
