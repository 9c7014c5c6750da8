import type { Metadata } from "next";
import { PAGE_HEADS } from "../../_ui/shell/page-heads.ts";
import { AuditList } from "./audit-list.tsx";

export const metadata: Metadata = { title: PAGE_HEADS["/audit"].title };

export default function AuditPage() {
	return <AuditList />;
}
