-- DropIndex
DROP INDEX "AuditEntry_at_idx";

-- AlterTable
ALTER TABLE "AuditEntry" ADD COLUMN     "address" TEXT;

-- CreateIndex
CREATE INDEX "AuditEntry_at_id_idx" ON "AuditEntry"("at", "id");
