import type { Metadata } from "next";
import { PAGE_HEADS } from "../../../_ui/shell/page-heads.ts";
import { InBrowser } from "../../../_ui/shell/session-gate.tsx";
import { CreateCache } from "./create-cache.tsx";

export const metadata: Metadata = { title: PAGE_HEADS["/caches/create"].title };

export default function CreateCachePage() {
	return (
		<InBrowser>
			<CreateCache />
		</InBrowser>
	);
}
