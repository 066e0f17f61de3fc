"""A text classifier learned from few labels: lines → features → head → verdicts. Knows no gradio."""

from ulmfit_demo.teach.head import Head, fit
from ulmfit_demo.teach.task import Task
from ulmfit_demo.teach.taught import Taught

__all__ = ["Head", "Task", "Taught", "fit"]
