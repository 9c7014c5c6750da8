import type { Metadata } from "next";
import { PAGE_HEADS } from "../../_ui/shell/page-heads.ts";
import { NodeTypeList } from "./node-type-list.tsx";

export const metadata: Metadata = { title: PAGE_HEADS["/node-types"].title };

export default function NodeTypesPage() {
	return <NodeTypeList />;
}
