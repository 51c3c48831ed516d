"""Overviews of long series, for their charts. Those of what was logged before are made once all migrations are done."""

import sqlalchemy as sa
from alembic import op

from hookline_tracking_sql.column_types import BYTES, ROW_ID, short_text

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    run = sa.ForeignKey("hookline_runs.id", ondelete="CASCADE")
    op.create_table(
        "hookline_overviews",
        sa.Column("run", ROW_ID, run, primary_key=True, nullable=False),
        sa.Column("key", ROW_ID, sa.ForeignKey("hookline_keys.id"), primary_key=True, nullable=False),
        sa.Column("axis", short_text(32), primary_key=True, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("timestamp", "step", "ordinal", "count")),
        sa.Column("packed", BYTES, nullable=False),
    )


def downgrade() -> None:
    """Forget what can be made anew."""
    op.drop_table("hookline_overviews")
