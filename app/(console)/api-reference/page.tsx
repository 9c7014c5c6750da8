import type { Metadata } from "next";
import { PAGE_HEADS } from "../../_ui/shell/page-heads.ts";
import { ApiReference } from "./api-reference.tsx";

export const metadata: Metadata = { title: PAGE_HEADS["/api-reference"].title };

export default function ApiReferencePage() {
	return <ApiReference />;
}
