import type { Metadata } from "next";
import { WithData } from "../../_lib/with-data.tsx";
import { PAGE_HEADS } from "../../_ui/shell/page-heads.ts";
import { ParameterGroupList } from "./parameter-group-list.tsx";

export const metadata: Metadata = { title: PAGE_HEADS["/parameter-groups"].title };

export default function ParameterGroupsPage() {
	return (
		<WithData load={({ trpc, load }) => load(trpc.parameterGroups.list.queryOptions({}))}>
			<ParameterGroupList />
		</WithData>
	);
}
