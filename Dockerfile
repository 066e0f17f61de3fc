# The app without Hugging Face: `docker build -t ulmfit . && docker run --rm -p 7860:7860 ulmfit`
FROM python:3.11-slim

RUN useradd --create-home --uid 1000 app
WORKDIR /home/app/ulmfit

# The CPU build of torch, hundreds of megabytes instead of gigabytes, stands in PyTorch's own index.
# From there come these two and nothing else; what they need comes with the rest.
COPY requirements.txt constraints.txt ./
RUN pip install --no-cache-dir --no-deps --index-url https://download.pytorch.org/whl/cpu \
        -c constraints.txt torch torchvision \
    && pip install --no-cache-dir -c constraints.txt -r requirements.txt

COPY --chown=app:app app.py README.md LICENSE ./
COPY --chown=app:app assets assets
COPY --chown=app:app ulmfit_demo ulmfit_demo

USER app
ENV GRADIO_SERVER_NAME=0.0.0.0 \
    GRADIO_SERVER_PORT=7860 \
    GRADIO_ANALYTICS_ENABLED=False \
    HF_HUB_DISABLE_TELEMETRY=1 \
    PYTHONUNBUFFERED=1
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=10s --start-period=120s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:7860/', timeout=8)"]
STOPSIGNAL SIGINT
CMD ["python", "app.py"]
